//! Named deviations with the verdict that the rules give them: each one accepted or refused.

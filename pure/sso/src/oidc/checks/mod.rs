//! Owns the named checks that are made when settings are saved.

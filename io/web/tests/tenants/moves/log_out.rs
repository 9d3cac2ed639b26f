//! Log-outs that the own identity provider posts about the other organization's people and sessions.

use orgate_testkit::Mischief;

use crate::adversary::Adversary;
use crate::dice::Dice;
use crate::place::subject;

/// To the own connection or to the other organization's, in the own name or in the other provider's.
pub async fn post(adversary: &mut Adversary<'_>, dice: &mut Dice) {
    let (role, _) = adversary.somebody(dice);
    let (subject, sid) = (subject(role), adversary.victim_idp.sid());
    let in_their_name = dice.once_in(2);
    if in_their_name {
        let issuer = adversary.victim_idp.issuer();
        adversary.idp.set(Mischief::none().log_out_claim("iss", issuer));
    }
    let token = match dice.roll(3) {
        0 => adversary.idp.log_out_token(Some(&subject), None),
        1 => adversary.idp.log_out_token(None, Some(&sid)),
        _ => adversary.idp.log_out_token(Some(&subject), Some(&sid)),
    };
    adversary.idp.behave();
    let at = if dice.once_in(2) { &adversary.victim.site.connection } else { &adversary.place.site.connection };
    let path = format!("/sso/oidc/{at}/backchannel-logout");
    let answer = adversary.town.post(&path).form(&[("logout_token", token.as_str())]).send().await;
    adversary.hear(&format!("log-out of {subject} and {sid}, in their name: {in_their_name}, POST {path}"), &answer);
}

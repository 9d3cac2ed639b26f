//! Owns the rows of an export: JSON Lines and CSV. Control characters are escaped in both, and no cell of the CSV is a
//! formula to a spreadsheet (T-AUD-1).

use data_encoding::HEXLOWER;
use orgate_store::AuditEvent;

/// The first row of the CSV.
pub const CSV_HEADER: &str =
    "id,at,action,actor,actor_name,target,target_name,outcome,ip,user_agent,data,tries,position,link\r\n";

/// One event as a JSON object and a line feed.
pub fn json_line(event: &AuditEvent) -> String {
    let data: serde_json::Value = serde_json::from_str(&event.data).unwrap_or_default();
    let object = serde_json::json!({
        "id": event.id,
        "at": event.at.to_rfc3339(),
        "action": event.action,
        "actor": event.actor,
        "actor_name": event.actor_name,
        "target": event.target,
        "target_name": event.target_name,
        "outcome": event.outcome,
        "ip": event.ip,
        "user_agent": event.user_agent,
        "data": data,
        "tries": event.tries,
        "position": event.position,
        "link": event.link.map(|link| HEXLOWER.encode(&link)),
    });
    format!("{object}\n")
}

/// One event as a row of RFC 4180.
pub fn csv_row(event: &AuditEvent) -> String {
    let at = event.at.to_rfc3339();
    let text = |optional: &'_ Option<String>| optional.clone().unwrap_or_default();
    let cells = [
        event.id.as_str().to_owned(),
        at,
        event.action.clone(),
        event.actor.clone(),
        text(&event.actor_name),
        text(&event.target),
        text(&event.target_name),
        event.outcome.clone(),
        text(&event.ip),
        text(&event.user_agent),
        event.data.clone(),
        event.tries.to_string(),
        event.position.map(|position| position.to_string()).unwrap_or_default(),
        event.link.map(|link| HEXLOWER.encode(&link)).unwrap_or_default(),
    ];
    let cells: Vec<String> = cells.iter().map(|cell| csv_cell(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

fn csv_cell(text: &str) -> String {
    let printable: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let formula = printable.starts_with(['=', '+', '-', '@']);
    let plain = if formula { format!("'{printable}") } else { printable };
    if plain.contains(['"', ',', ';']) { format!("\"{}\"", plain.replace('"', "\"\"")) } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_aud_1_no_cell_is_a_formula_or_breaks_its_row() {
        assert_eq!(csv_cell("=cmd|' /c calc'!A1"), "'=cmd|' /c calc'!A1");
        assert_eq!(csv_cell("a\r\nb"), "a  b");
        assert_eq!(csv_cell("{\"a\":1,\"b\":2}"), "\"{\"\"a\"\":1,\"\"b\"\":2}\"");
        assert_eq!(csv_cell("Robin Vale"), "Robin Vale");
    }
}

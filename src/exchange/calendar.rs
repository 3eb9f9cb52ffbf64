//! iCalendar (RFC 5545): appointments as calendar programs take them in. Times are UTC; text is escaped, long lines are
//! folded; an appointment that moved keeps its UID and raises its SEQUENCE.

use crate::domain::Timestamp;

/// Octets of a line, its end aside.
const LINE: usize = 75;

/// An appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// The same for the same appointment, for ever and everywhere.
    pub uid: String,
    /// How often it was changed in a way that its people have to know.
    pub sequence: i64,
    /// When it was last changed.
    pub changed: Timestamp,
    pub start: Timestamp,
    pub end: Timestamp,
    pub summary: String,
    pub place: Option<String>,
    pub description: Option<String>,
    pub cancelled: bool,
}

/// The calendar with this name.
pub fn write(name: &str, appointments: &[Appointment]) -> String {
    let mut text = String::new();
    for (property, value) in [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", "-//musubi//musubi//JA"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
    ] {
        line(&mut text, property, value);
    }
    line(&mut text, "X-WR-CALNAME", &escaped(name));
    for appointment in appointments {
        line(&mut text, "BEGIN", "VEVENT");
        line(&mut text, "UID", &escaped(&appointment.uid));
        line(&mut text, "SEQUENCE", &appointment.sequence.to_string());
        line(&mut text, "DTSTAMP", &moment(&appointment.changed));
        line(&mut text, "LAST-MODIFIED", &moment(&appointment.changed));
        line(&mut text, "DTSTART", &moment(&appointment.start));
        line(&mut text, "DTEND", &moment(&appointment.end));
        line(&mut text, "SUMMARY", &escaped(&appointment.summary));
        if let Some(place) = &appointment.place {
            line(&mut text, "LOCATION", &escaped(place));
        }
        if let Some(description) = &appointment.description {
            line(&mut text, "DESCRIPTION", &escaped(description));
        }
        line(&mut text, "STATUS", if appointment.cancelled { "CANCELLED" } else { "CONFIRMED" });
        line(&mut text, "END", "VEVENT");
    }
    line(&mut text, "END", "VCALENDAR");
    text
}

/// `20260401T000000Z`: the stored form without its marks and without fractions of a second.
fn moment(moment: &Timestamp) -> String {
    let whole = moment.as_str().split('.').next().unwrap_or_default();
    format!("{}Z", whole.trim_end_matches('Z').replace(['-', ':'], ""))
}

/// A value of type TEXT. Control characters that have no place in it are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.replace("\r\n", "\n").chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            ';' => escaped.push_str("\\;"),
            ',' => escaped.push_str("\\,"),
            '\n' | '\r' => escaped.push_str("\\n"),
            '\t' => escaped.push('\t'),
            control if control.is_control() => {}
            other => escaped.push(other),
        }
    }
    escaped
}

/// A content line, folded between characters.
fn line(text: &mut String, property: &str, value: &str) {
    let mut used = 0;
    for character in property.chars().chain([':']).chain(value.chars()) {
        if used + character.len_utf8() > LINE {
            text.push_str("\r\n ");
            used = 1;
        }
        text.push(character);
        used += character.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appointment() -> Appointment {
        let at = |text: &str| Timestamp::from_stored(text.to_owned());
        Appointment {
            uid: "0193a0b2@musubi".to_owned(),
            sequence: 2,
            changed: at("2026-04-01T00:00:00.123456Z"),
            start: at("2026-09-10T01:00:00.000000Z"),
            end: at("2026-09-10T01:20:00.000000Z"),
            summary: "商談: 山形,封止; \\技研\nBEGIN:VEVENT".to_owned(),
            place: Some("会場 卓3".to_owned()),
            description: Some("とても長い説明。".repeat(40)),
            cancelled: false,
        }
    }

    #[test]
    fn text_cannot_break_out_of_its_line() {
        let text = write("商談会", &[appointment()]);
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines.iter().filter(|line| **line == "BEGIN:VEVENT").count(), 1);
        assert!(text.contains("SUMMARY:商談: 山形\\,封止\\; \\\\技研\\nBEGIN:VEVENT\r\n"), "{text}");
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
    }

    #[test]
    fn lines_are_folded_between_characters_and_unfold_to_the_same() {
        let appointment = appointment();
        let text = write("商談会", std::slice::from_ref(&appointment));
        assert!(text.split("\r\n").all(|line| line.len() <= LINE));
        let unfolded = text.replace("\r\n ", "");
        assert!(unfolded.contains(&format!("DESCRIPTION:{}\r\n", appointment.description.unwrap_or_default())));
        assert!(text.ends_with("END:VCALENDAR\r\n"));
    }

    #[test]
    fn times_are_utc_and_a_cancelled_appointment_says_so() {
        let cancelled = Appointment { cancelled: true, ..appointment() };
        let text = write("商談会", &[cancelled]);
        for line in ["DTSTART:20260910T010000Z", "DTEND:20260910T012000Z", "DTSTAMP:20260401T000000Z", "SEQUENCE:2"] {
            assert!(text.contains(&format!("{line}\r\n")), "{line}");
        }
        assert!(text.contains("STATUS:CANCELLED\r\n"));
    }
}

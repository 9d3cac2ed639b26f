//! Owns drawing a QR code as one path of an inline SVG: nothing is fetched, and it prints. It stays dark on light whatever
//! the theme, for cameras read no other.

use std::fmt::Write as _;

use qrcode::{Color, QrCode};

/// The light border that readers need. *Units*: squares. *Source*: ISO/IEC 18004, 9.1.
const QUIET: usize = 4;

/// A QR code, ready to be drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QrDrawing {
    /// The width and height with the border. *Units*: squares.
    pub side: usize,
    /// The dark squares, as the `d` of a path.
    pub path: String,
}

impl QrDrawing {
    /// Draws a text; `None` if it is longer than a QR code can be.
    pub fn of(text: &str) -> Option<Self> {
        let code = QrCode::new(text.as_bytes()).ok()?;
        let (width, colors) = (code.width(), code.to_colors());
        let mut path = String::new();
        for (y, row) in colors.chunks(width).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|one, next| one == next) {
                if run.first() == Some(&Color::Dark) {
                    let length = run.len();
                    // Writing into a string does not fail.
                    let _ = write!(path, "M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET);
                }
                x += run.len();
            }
        }
        Some(Self { side: width + 2 * QUIET, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dark_square_is_drawn_once_inside_the_border() {
        let text = "otpauth://totp/Acme:robin%40acme.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme";
        let drawn = QrDrawing::of(text).unwrap();
        let code = QrCode::new(text).unwrap();
        assert_eq!(drawn.side, code.width() + 8);
        let mut squares = 0;
        for run in drawn.path.split('z').filter(|run| !run.is_empty()) {
            let (start, rest) = run.trim_start_matches('M').split_once('h').unwrap();
            let (x, y) = start.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let length: usize = rest.split('v').next().unwrap().parse().unwrap();
            for at in x..x + length {
                assert_eq!(code[(at - QUIET, y - QUIET)], Color::Dark);
            }
            squares += length;
        }
        assert_eq!(squares, code.to_colors().iter().filter(|color| **color == Color::Dark).count());
    }

    #[test]
    fn what_does_not_fit_is_not_drawn() {
        assert_eq!(QrDrawing::of(&"x".repeat(4000)), None);
    }
}

//! Numbers of persons that cannot be real: mobile numbers of a block that is given to nobody here, identity numbers of the
//! pseudo province 99 whose check character fits.

use jiff::civil::Date;

use crate::dice::Dice;

/// A mobile number.
pub(super) fn mobile(dice: &mut Dice) -> String {
    format!("199 0000 {:04}", dice.below(10_000))
}

/// An identity number (GB 11643) of a grown-up.
pub(super) fn identity(dice: &mut Dice) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    let born = Date::constant(
        1950 + i16::try_from(dice.below(50)).unwrap_or(0),
        1 + i8::try_from(dice.below(12)).unwrap_or(0),
        1 + i8::try_from(dice.below(28)).unwrap_or(0),
    );
    let digits = format!(
        "990121{:04}{:02}{:02}{:03}",
        born.year(),
        born.month(),
        born.day(),
        dice.below(1_000)
    );
    let sum: u32 = digits
        .bytes()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    format!("{digits}{}", char::from(CHECKS[(sum % 11) as usize]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lianzhan_protocol::personal::{Kind, scan};

    fn kinds(text: &str) -> Vec<Kind> {
        let found = scan(text, &[]);
        found.into_iter().map(|finding| finding.kind).collect()
    }

    #[test]
    fn they_are_well_formed_and_of_nobody() {
        let mut dice = Dice::new(7);
        for _ in 0..200 {
            let (mobile, identity) = (mobile(&mut dice), identity(&mut dice));
            assert_eq!(kinds(&mobile), [Kind::Mobile]);
            assert_eq!(kinds(&identity), [Kind::Identity]);
            assert!(identity.starts_with("99"));
        }
    }
}

//! Two ascending sequences side by side.

use super::finding::Side;

/// Goes through two sequences that ascend by `key` and tells of each item that one side lacks.
pub(super) fn merge<T: Clone, K: Ord>(
    mut a: impl FnMut() -> anyhow::Result<Option<T>>,
    mut b: impl FnMut() -> anyhow::Result<Option<T>>,
    key: impl Fn(&T) -> K,
    mut lacks: impl FnMut(Side, T),
) -> anyhow::Result<()> {
    let (mut one, mut other) = (a()?, b()?);
    loop {
        match (one.take(), other.take()) {
            (None, None) => return Ok(()),
            (Some(item), None) => {
                lacks(Side::B, item);
                one = a()?;
            }
            (None, Some(item)) => {
                lacks(Side::A, item);
                other = b()?;
            }
            (Some(x), Some(y)) => match key(&x).cmp(&key(&y)) {
                std::cmp::Ordering::Equal => (one, other) = (a()?, b()?),
                std::cmp::Ordering::Less => {
                    lacks(Side::B, x);
                    (one, other) = (a()?, Some(y));
                }
                std::cmp::Ordering::Greater => {
                    lacks(Side::A, y);
                    (one, other) = (Some(x), b()?);
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_is_told_what_it_lacks() {
        let (mut a, mut b) = ([1, 2, 4].into_iter(), [2, 3, 4, 5].into_iter());
        let mut found = Vec::new();
        merge(
            || Ok(a.next()),
            || Ok(b.next()),
            |n| *n,
            |side, n| found.push((side, n)),
        )
        .unwrap();
        assert_eq!(found, [(Side::B, 1), (Side::A, 3), (Side::A, 5)]);
    }
}

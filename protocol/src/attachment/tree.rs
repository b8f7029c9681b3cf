//! The pieces of an attachment. BLAKE3 hashes chunks of 1,024 bytes and joins them to a tree whose left part is always the
//! largest power of two of chunks that leaves something to the right. A piece is 256 chunks, a whole subtree; so the tree
//! over pieces has that shape, too (it is the shape of RFC 6962), and the hashes beside a piece's way to the root prove
//! it before the next one comes.

use blake3::Hasher;
use blake3::hazmat::{HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};

use crate::id::AttachmentId;

/// Bytes of a piece; the last one may be shorter.
pub const PIECE_BYTES: u64 = 256 * 1024;
/// Longest attachment that is fetched, in bytes. What a person may enter is less, and the node's to say.
pub const ATTACHMENT_MAX: u64 = 1 << 30;
/// Most hashes beside the way of a piece to the root.
pub const PATH_MAX: usize = 12;

/// The hash of a subtree that is not the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainingValue(pub [u8; 32]);
crate::codec::cbor_bytes!(ChainingValue, 32);

/// Why a piece is not part of the attachment that it is said to be part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PieceError {
    /// Empty, or more than [`ATTACHMENT_MAX`].
    #[error("an attachment of {0} bytes")]
    Size(u64),
    /// Begins at no piece's place, or behind the end.
    #[error("no piece begins at byte {0}")]
    Place(u64),
    /// Has another length than a piece of that place.
    #[error("a piece of {found} bytes where it has {expected}")]
    Length {
        /// What came.
        found: u64,
        /// What a piece has there.
        expected: u64,
    },
    /// Bytes, size or path do not lead to the hash.
    #[error("the piece does not lead to the hash of the attachment")]
    Altered,
}

/// How many pieces an attachment of `size` bytes has.
fn pieces(size: u64) -> u64 {
    size.div_ceil(PIECE_BYTES)
}

/// The length of the piece at `from`.
fn piece_len(size: u64, from: u64) -> Result<u64, PieceError> {
    if size == 0 || size > ATTACHMENT_MAX {
        return Err(PieceError::Size(size));
    }
    if from >= size || !from.is_multiple_of(PIECE_BYTES) {
        return Err(PieceError::Place(from));
    }
    Ok(PIECE_BYTES.min(size - from))
}

fn chaining_value(from: u64, data: &[u8]) -> ChainingValue {
    let mut hasher = Hasher::new();
    hasher.set_input_offset(from);
    hasher.update(data);
    ChainingValue(hasher.finalize_non_root())
}

fn join(left: &ChainingValue, right: &ChainingValue) -> ChainingValue {
    ChainingValue(merge_subtrees_non_root(&left.0, &right.0, Mode::Hash))
}

fn join_root(left: &ChainingValue, right: &ChainingValue) -> AttachmentId {
    AttachmentId(*merge_subtrees_root(&left.0, &right.0, Mode::Hash).as_bytes())
}

/// How many of `count` leaves stand to the left: the largest power of two below `count`.
fn split(count: u64) -> u64 {
    debug_assert!(count > 1);
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}

/// Whether `data` is what attachment `id`, of `size` bytes, has at `from`. `path` are the hashes beside its way to the
/// root, from the piece upward. Who has the last piece checked knows that `size` is true.
pub fn check_piece(
    id: &AttachmentId,
    size: u64,
    from: u64,
    data: &[u8],
    path: &[ChainingValue],
) -> Result<(), PieceError> {
    let (expected, found) = (piece_len(size, from)?, data.len() as u64);
    if found != expected {
        return Err(PieceError::Length { found, expected });
    }
    // From the root downward: on which side of each join the piece lies.
    let (mut index, mut count) = (from / PIECE_BYTES, pieces(size));
    let mut is_right = Vec::new();
    while count > 1 {
        let left = split(count);
        let right = index >= left;
        is_right.push(right);
        (index, count) = if right {
            (index - left, count - left)
        } else {
            (index, left)
        };
    }
    if path.len() != is_right.len() {
        return Err(PieceError::Altered);
    }
    let Some((top, below)) = path.split_last() else {
        let whole = AttachmentId(*blake3::hash(data).as_bytes());
        return if whole == *id {
            Ok(())
        } else {
            Err(PieceError::Altered)
        };
    };
    let mut hash = chaining_value(from, data);
    for (beside, right) in below.iter().zip(is_right.iter().skip(1).rev()) {
        hash = if *right {
            join(beside, &hash)
        } else {
            join(&hash, beside)
        };
    }
    let root = if is_right[0] {
        join_root(top, &hash)
    } else {
        join_root(&hash, top)
    };
    if root == *id {
        Ok(())
    } else {
        Err(PieceError::Altered)
    }
}

/// What it takes to serve the pieces of an attachment: their hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    id: AttachmentId,
    size: u64,
    pieces: Vec<ChainingValue>,
}

impl Tree {
    /// The tree over what was stored as size and [`Tree::piece_bytes`], if that leads to `id`. An attachment of one piece
    /// has no hashes beside: it is taken on trust until it is read.
    pub fn stored(id: AttachmentId, size: u64, bytes: &[u8]) -> Option<Self> {
        piece_len(size, 0).ok()?;
        let (hashes, rest) = bytes.as_chunks::<32>();
        let hashes: Vec<ChainingValue> = hashes.iter().map(|hash| ChainingValue(*hash)).collect();
        let fits = rest.is_empty() && hashes.len() as u64 == pieces(size);
        let tree = Tree {
            id,
            size,
            pieces: hashes,
        };
        (fits && tree.leads_home()).then_some(tree)
    }

    fn leads_home(&self) -> bool {
        match self.pieces.len() {
            0 => false,
            1 => true,
            count => {
                let (left, right) = self.pieces.split_at(split(count as u64) as usize);
                join_root(&subtree(left), &subtree(right)) == self.id
            }
        }
    }

    /// The attachment.
    pub fn id(&self) -> AttachmentId {
        self.id
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hashes of its pieces, one after another.
    pub fn piece_bytes(&self) -> Vec<u8> {
        self.pieces.iter().flat_map(|hash| hash.0).collect()
    }

    /// The place of the piece that begins at `from`: how long it is, and the path that proves it.
    pub fn path(&self, from: u64) -> Result<(u64, Vec<ChainingValue>), PieceError> {
        let len = piece_len(self.size, from)?;
        let mut index = usize::try_from(from / PIECE_BYTES).map_err(|_| PieceError::Place(from))?;
        let (mut path, mut pieces) = (Vec::new(), self.pieces.as_slice());
        while pieces.len() > 1 {
            let (left, right) = pieces.split_at(split(pieces.len() as u64) as usize);
            if index < left.len() {
                path.push(subtree(right));
                pieces = left;
            } else {
                path.push(subtree(left));
                index -= left.len();
                pieces = right;
            }
        }
        path.reverse();
        Ok((len, path))
    }
}

fn subtree(pieces: &[ChainingValue]) -> ChainingValue {
    match pieces {
        [one] => *one,
        _ => {
            let (left, right) = pieces.split_at(split(pieces.len() as u64) as usize);
            join(&subtree(left), &subtree(right))
        }
    }
}

/// Hashes an attachment as it streams by, whatever the sizes of its parts.
#[derive(Debug, Default)]
pub struct PieceHashes {
    whole: Hasher,
    piece: Hasher,
    size: u64,
    done: Vec<ChainingValue>,
}

impl PieceHashes {
    /// The next bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.whole.update(bytes);
        while !bytes.is_empty() {
            let within = self.size % PIECE_BYTES;
            if within == 0 {
                self.close();
                self.piece = Hasher::new();
                self.piece.set_input_offset(self.size);
            }
            let room = usize::try_from(PIECE_BYTES - within).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.piece.update(now);
            self.size += now.len() as u64;
            bytes = later;
        }
    }

    fn close(&mut self) {
        if self.size > 0 {
            self.done.push(ChainingValue(self.piece.finalize_non_root()));
        }
    }

    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The tree over all that came; none of nothing, or of more than [`ATTACHMENT_MAX`].
    pub fn finish(mut self) -> Option<Tree> {
        piece_len(self.size, 0).ok()?;
        self.close();
        Some(Tree {
            id: AttachmentId(*self.whole.finalize().as_bytes()),
            size: self.size,
            pieces: self.done,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(len: usize) -> Vec<u8> {
        (0..len).map(|n| (n * 7 % 251) as u8).collect()
    }

    fn tree(data: &[u8], cut: usize) -> Tree {
        let mut hashes = PieceHashes::default();
        for part in data.chunks(cut.max(1)) {
            hashes.update(part);
        }
        hashes.finish().expect("not empty")
    }

    fn slice(data: &[u8], from: u64, len: u64) -> &[u8] {
        &data[from as usize..(from + len) as usize]
    }

    /// Around every boundary of pieces, of chunks and of powers of two of pieces.
    fn sizes() -> impl Iterator<Item = usize> {
        let piece = PIECE_BYTES as usize;
        [1, 1023, 1024, 1025]
            .into_iter()
            .chain((1..10).flat_map(move |n| [n * piece - 1, n * piece, n * piece + 1]))
    }

    #[test]
    fn the_hash_is_that_of_blake3_and_every_piece_leads_to_it() {
        for size in sizes() {
            let data = bytes(size);
            let tree = tree(&data, 100_000);
            assert_eq!(tree.id().0, *blake3::hash(&data).as_bytes(), "{size}");
            let stored = Tree::stored(tree.id(), tree.size(), &tree.piece_bytes());
            assert_eq!(stored.as_ref(), Some(&tree));
            for from in (0..size as u64).step_by(PIECE_BYTES as usize) {
                let (len, path) = tree.path(from).expect("a piece");
                assert!(path.len() <= PATH_MAX);
                let piece = slice(&data, from, len);
                assert_eq!(
                    check_piece(&tree.id(), size as u64, from, piece, &path),
                    Ok(()),
                    "{size} {from}"
                );
            }
        }
    }

    #[test]
    fn another_size_is_found_out_with_the_last_piece_at_the_latest() {
        let size = 3 * PIECE_BYTES - 5;
        let data = bytes(size as usize);
        let tree = tree(&data, 999);
        let from = 2 * PIECE_BYTES;
        let (len, path) = tree.path(from).expect("a piece");
        let last = slice(&data, from, len);
        for wrong in [
            size - 1,
            size + 1,
            3 * PIECE_BYTES,
            4 * PIECE_BYTES,
            2 * PIECE_BYTES + 1,
        ] {
            assert!(
                check_piece(&tree.id(), wrong, from, last, &path).is_err(),
                "{wrong}"
            );
        }
        // Shown as the last of two.
        let (_, path) = tree.path(PIECE_BYTES).expect("a piece");
        let middle = slice(&data, PIECE_BYTES, PIECE_BYTES);
        for path in [&path[..], &path[..1], &path[1..]] {
            assert!(check_piece(&tree.id(), 2 * PIECE_BYTES, PIECE_BYTES, middle, path).is_err());
        }
    }

    #[test]
    fn the_example_of_the_specification() {
        const SPEC: &str = include_str!("../../../docs/spec/08-attachments.md");
        let data = [vec![0; PIECE_BYTES as usize], vec![1, 2]].concat();
        let tree = tree(&data, usize::MAX);
        let hex = crate::codec::hex;
        let shown = [
            hex(&tree.pieces[0].0),
            hex(&tree.pieces[1].0),
            tree.id().to_string(),
        ];
        assert!(SPEC.contains(&shown.join("\n")), "{shown:#?}");
    }

    #[test]
    fn no_piece_begins_elsewhere() {
        let tree = tree(&bytes(600_000), 1);
        for from in [1, PIECE_BYTES - 1, 3 * PIECE_BYTES, u64::MAX] {
            assert_eq!(tree.path(from), Err(PieceError::Place(from)));
        }
        assert!(PieceHashes::default().finish().is_none());
        for size in [0, ATTACHMENT_MAX + 1] {
            assert_eq!(
                check_piece(&tree.id(), size, 0, &[0], &[]),
                Err(PieceError::Size(size))
            );
        }
        assert!(Tree::stored(tree.id(), tree.size(), &[0; 96]).is_none());
        assert!(Tree::stored(tree.id(), tree.size(), &[0; 31]).is_none());
        assert!(Tree::stored(tree.id(), 0, &[]).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn any_cut_gives_the_same_tree(size in 1usize..1_500_000, cut in 1usize..700_000) {
            let data = bytes(size);
            prop_assert_eq!(tree(&data, cut), tree(&data, usize::MAX));
        }

        #[test]
        fn one_wrong_bit_is_refused_at_its_piece(size in 1usize..1_500_000, at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let mut data = bytes(size);
            let tree = tree(&data, usize::MAX);
            let at = at.index(size);
            data[at] ^= 1 << bit;
            for from in (0..size as u64).step_by(PIECE_BYTES as usize) {
                let (len, path) = tree.path(from).expect("a piece");
                let good = !(from..from + len).contains(&(at as u64));
                let piece = slice(&data, from, len);
                prop_assert_eq!(check_piece(&tree.id(), size as u64, from, piece, &path).is_ok(), good);
            }
        }
    }
}

//! The choice of the rows that a page carries. A page has a budget of bytes, so that a browser opens the page of any
//! run at once. If a run fits, all of it is in the page. Otherwise the ranks share the budget: each may take half of
//! what those before it left, and the last one the rest. Of a rank that does not fit, one block of rows in so many is
//! taken.

/// The importance of a row; the smallest is the greatest.
pub(super) type Rank = u8;

/// A row that may be chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// Its importance.
    pub(super) rank: Rank,
    /// Its bytes in the page.
    pub(super) bytes: usize,
}

/// Tells for each row whether it is chosen. Rows of a rank are taken in blocks of this size.
pub(super) fn select(rows: &[Candidate], budget: usize, block: usize) -> Vec<bool> {
    let total: usize = rows.iter().map(|row| row.bytes).sum();
    if total <= budget {
        return vec![true; rows.len()];
    }
    let mut chosen = vec![false; rows.len()];
    let mut left = budget;
    let last = rows.iter().map(|row| row.rank).max().unwrap_or_default();
    for rank in 0..=last {
        let places: Vec<usize> = (0..rows.len()).filter(|place| rows[*place].rank == rank).collect();
        let wanted: usize = places.iter().map(|place| rows[*place].bytes).sum();
        let share = if rank == last { left } else { left / 2 };
        for (number, place) in places.into_iter().enumerate() {
            let bytes = rows[place].bytes;
            // Blocks differ in size, so the share may be spent before the last one.
            if is_taken(number / block, share, wanted) && bytes <= left {
                chosen[place] = true;
                left -= bytes;
            }
        }
    }
    chosen
}

/// The golden ratio in units of 2^64: its multiples are spread evenly, however many there are.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Tells whether a block is one of the part `share / wanted` of all blocks.
fn is_taken(block: usize, share: usize, wanted: usize) -> bool {
    let place = (block as u64).wrapping_mul(GOLDEN);
    u128::from(place) * (wanted as u128) < (share as u128) << 64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(ranks: &[(Rank, usize)]) -> Vec<Candidate> {
        let row = |(rank, count): &(Rank, usize)| vec![Candidate { rank: *rank, bytes: 10 }; *count];
        ranks.iter().flat_map(row).collect()
    }

    fn chosen_of(rank: Rank, rows: &[Candidate], chosen: &[bool]) -> usize {
        rows.iter().zip(chosen).filter(|(row, chosen)| row.rank == rank && **chosen).count()
    }

    #[test]
    fn a_run_that_fits_is_whole() {
        assert_eq!(select(&rows(&[(0, 3), (2, 7)]), 100, 1), [true; 10]);
        assert!(select(&[], 0, 1).is_empty());
    }

    #[test]
    fn of_a_larger_one_each_rank_has_its_share() {
        let rows = rows(&[(2, 1000), (0, 5), (1, 1000)]);
        let chosen = select(&rows, 1000, 1);
        assert_eq!(chosen_of(0, &rows, &chosen), 5);
        // Half of the 95 that are left, and the rest.
        assert!((40..=47).contains(&chosen_of(1, &rows, &chosen)));
        assert!((43..=55).contains(&chosen_of(2, &rows, &chosen)));
        let bytes: usize = rows.iter().zip(&chosen).filter(|(_, chosen)| **chosen).map(|(row, _)| row.bytes).sum();
        assert!(bytes <= 1000, "{bytes}");
    }

    /// Each of a few clients that take turns has its part.
    #[test]
    fn clients_that_take_turns_are_all_there() {
        let chosen = select(&rows(&[(0, 3000)]), 10_000, 1);
        for client in 0..3 {
            let count = chosen.iter().skip(client).step_by(3).filter(|chosen| **chosen).count();
            assert!((300..=360).contains(&count), "{client}: {count}");
        }
    }

    #[test]
    fn blocks_stay_whole() {
        let chosen = select(&rows(&[(0, 1000)]), 1000, 10);
        let blocks: Vec<_> = chosen.chunks(10).filter(|block| block[0]).collect();
        assert!((9..=11).contains(&blocks.len()));
        assert!(blocks.iter().all(|block| block.iter().all(|chosen| *chosen)));
    }
}

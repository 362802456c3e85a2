//! The choice of the rows that a page carries. A page has a budget of bytes, so that a browser opens the page of any
//! run at once. If a run fits, all of it is in the page. Otherwise the ranks share the budget: each may take half of
//! what those before it left, and the last one the rest. Of a rank that does not fit, one block of rows in so many is
//! taken.

/// The importance of a row; the smallest is the greatest.
pub(super) type Rank = u8;

/// Tells for each row whether it is chosen, by their ranks and their bytes in the page. Rows of a rank are taken in
/// blocks of this size.
pub(super) fn select(ranks: &[Rank], bytes: impl Fn(usize) -> usize, budget: usize, block: usize) -> Vec<bool> {
    let total: usize = (0..ranks.len()).map(&bytes).sum();
    if total <= budget {
        return vec![true; ranks.len()];
    }
    let mut chosen = vec![false; ranks.len()];
    let mut left = budget;
    let last = ranks.iter().copied().max().unwrap_or_default();
    for rank in 0..=last {
        let places = || (0..ranks.len()).filter(|place| ranks[*place] == rank);
        let wanted: usize = places().map(&bytes).sum();
        let share = if rank == last { left } else { left / 2 };
        for (number, place) in places().enumerate() {
            let bytes = bytes(place);
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

    /// The bytes of each row.
    const BYTES: usize = 10;

    fn ranks(ranks: &[(Rank, usize)]) -> Vec<Rank> {
        ranks.iter().flat_map(|(rank, count)| vec![*rank; *count]).collect()
    }

    fn chosen(ranks: &[Rank], budget: usize, block: usize) -> Vec<bool> {
        select(ranks, |_| BYTES, budget, block)
    }

    fn chosen_of(rank: Rank, ranks: &[Rank], chosen: &[bool]) -> usize {
        ranks.iter().zip(chosen).filter(|(other, chosen)| **other == rank && **chosen).count()
    }

    #[test]
    fn a_run_that_fits_is_whole() {
        assert_eq!(chosen(&ranks(&[(0, 3), (2, 7)]), 100, 1), [true; 10]);
        assert!(chosen(&[], 0, 1).is_empty());
    }

    #[test]
    fn of_a_larger_one_each_rank_has_its_share() {
        let ranks = ranks(&[(2, 1000), (0, 5), (1, 1000)]);
        let chosen = chosen(&ranks, 1000, 1);
        assert_eq!(chosen_of(0, &ranks, &chosen), 5);
        // Half of the 95 that are left, and the rest.
        assert!((40..=47).contains(&chosen_of(1, &ranks, &chosen)));
        assert!((43..=55).contains(&chosen_of(2, &ranks, &chosen)));
        let bytes = BYTES * chosen.iter().filter(|chosen| **chosen).count();
        assert!(bytes <= 1000, "{bytes}");
    }

    /// Each of a few clients that take turns has its part.
    #[test]
    fn clients_that_take_turns_are_all_there() {
        let chosen = chosen(&ranks(&[(0, 3000)]), 10_000, 1);
        for client in 0..3 {
            let count = chosen.iter().skip(client).step_by(3).filter(|chosen| **chosen).count();
            assert!((300..=360).contains(&count), "{client}: {count}");
        }
    }

    #[test]
    fn blocks_stay_whole() {
        let chosen = chosen(&ranks(&[(0, 1000)]), 1000, 10);
        let blocks: Vec<_> = chosen.chunks(10).filter(|block| block[0]).collect();
        assert!((9..=11).contains(&blocks.len()));
        assert!(blocks.iter().all(|block| block.iter().all(|chosen| *chosen)));
    }
}

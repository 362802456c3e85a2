//! Stable sorts of any values by a number or a comparison.
//!
//! A list of places is sorted, and the values are moved after it. So the sort itself is compiled once and not for each type of value.

use std::cmp::Ordering;

/// Sorts by a number.
pub(crate) fn sort_by_number<T>(values: &mut [T], number: impl Fn(&T) -> u64) {
    let mut ranks = ranks_of_numbers(values.iter().map(number).collect());
    arrange(&mut ranks, |left, right| values.swap(left, right));
}

/// Sorts by a comparison.
pub(crate) fn sort_by<T>(values: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let mut ranks = ranks(values.len(), &|left, right| compare(&values[left], &values[right]));
    arrange(&mut ranks, |left, right| values.swap(left, right));
}

/// A number in the order of signed ones.
pub(crate) fn signed(number: i64) -> u64 {
    number.cast_unsigned() ^ 1 << 63
}

/// For each number the place that it has when they are sorted; nothing if they are.
fn ranks_of_numbers(numbers: Vec<u64>) -> Vec<usize> {
    if numbers.is_sorted() {
        return Vec::new();
    }
    let mut places: Vec<(u64, usize)> = numbers.into_iter().zip(0..).collect();
    places.sort();
    let mut ranks = vec![0; places.len()];
    for (rank, (_, place)) in places.into_iter().enumerate() {
        ranks[place] = rank;
    }
    ranks
}

fn ranks(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by(|left, right| compare(*left, *right));
    let mut ranks = vec![0; count];
    for (rank, place) in places.into_iter().enumerate() {
        ranks[place] = rank;
    }
    ranks
}

/// Brings everything to its rank.
fn arrange(ranks: &mut [usize], mut swap: impl FnMut(usize, usize)) {
    for place in 0..ranks.len() {
        while ranks[place] != place {
            let rank = ranks[place];
            swap(place, rank);
            ranks.swap(place, rank);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_keep_their_order() {
        let words = ["bb", "a", "cc", "", "b", "ccc", "aa"];
        let mut by_number = words;
        sort_by_number(&mut by_number, |word| word.len() as u64);
        assert_eq!(by_number, ["", "a", "b", "bb", "cc", "aa", "ccc"]);
        let mut compared = words;
        sort_by(&mut compared, |left, right| right.len().cmp(&left.len()));
        assert_eq!(compared, ["ccc", "bb", "cc", "aa", "a", "b", ""]);
        sort_by_number(&mut by_number, |word| word.len() as u64);
        assert_eq!(by_number, ["", "a", "b", "bb", "cc", "aa", "ccc"]);
    }

    #[test]
    fn signed_numbers_have_their_order() {
        let mut numbers = [3, -1, i64::MAX, 0, i64::MIN, -2];
        sort_by_number(&mut numbers, |number| signed(*number));
        assert_eq!(numbers, [i64::MIN, -2, -1, 0, 3, i64::MAX]);
    }
}

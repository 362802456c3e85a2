//! The ids of a cluster. In a simulation all nodes are told the same ids, and in a cluster of `n` nodes a list for each
//! would take memory in proportion to `n * n`. So the nodes of a thread share a list.

use crate::node_id::NodeId;
use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};

thread_local! {
    /// The list that was made last, as long as a node has it.
    static LAST: RefCell<Option<Weak<[NodeId]>>> = const { RefCell::new(None) };
}

/// A list of these ids.
pub(crate) fn shared(ids: Vec<NodeId>) -> Rc<[NodeId]> {
    LAST.with_borrow_mut(|last| {
        let known = last.as_ref().and_then(Weak::upgrade).filter(|known| **known == *ids);
        known.unwrap_or_else(|| {
            let fresh: Rc<[NodeId]> = ids.into();
            *last = Some(Rc::downgrade(&fresh));
            fresh
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_ids_are_one_list() {
        let ids = |names: &[&str]| names.iter().map(|name| NodeId::from(*name)).collect::<Vec<_>>();
        let [one, other] = [(); 2].map(|()| shared(ids(&["n0", "n1"])));
        assert!(Rc::ptr_eq(&one, &other));
        let fewer = shared(ids(&["n0"]));
        assert_eq!((&*fewer, &*one), (&ids(&["n0"])[..], &ids(&["n0", "n1"])[..]));
    }
}

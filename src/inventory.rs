//! The way through a provider's pages, without sending anything: what to ask next, and whether all of it was seen.

use std::collections::{HashMap, HashSet};

use crate::key::KeyRef;
use crate::key_info::KeyInfo;
use crate::lookup::{Lookup, Page, Unread};

/// More pages than any enterprise has; a provider that never ends its list is not followed for ever.
const MOST_PAGES: usize = 10_000;

/// What has been asked of a provider, and what is still to be asked.
///
/// A list that changes while it is read can hide a key that was there all the time: pages that are counted from the start
/// shift when an earlier key goes. Wherever that shows (a total that changes or does not add up, a key that comes twice),
/// nothing more is taken for complete.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    /// The next one last.
    open: Vec<Lookup>,
    /// Everything that was asked, or is still to be asked.
    known: HashSet<Lookup>,
    seen: HashSet<KeyRef>,
    /// By list: entries seen, and the total that its pages state.
    lists: HashMap<Lookup, (u64, Option<u64>)>,
    /// Asked, and not answered yet.
    waiting: usize,
    failed: bool,
}

impl Inventory {
    /// Begins with what the provider says to ask first.
    pub(crate) fn new(mut first: Vec<Lookup>) -> Self {
        first.reverse();
        Self {
            failed: first.is_empty(),
            known: first.iter().cloned().collect(),
            open: first,
            ..Self::default()
        }
    }

    /// What to ask now; `None` once everything was asked, or after a page that could not be used.
    pub(crate) fn next(&mut self) -> Option<Lookup> {
        let next = self.open.pop().filter(|_| !self.failed)?;
        self.waiting += 1;
        Some(next)
    }

    /// Was every page read? Only then does the absence of a key mean anything.
    pub(crate) fn is_complete(&self) -> bool {
        self.open.is_empty() && self.waiting == 0 && !self.failed
    }

    /// Takes the page that came for `lookup`, or why there is none, and gives its keys.
    pub(crate) fn add(
        &mut self,
        lookup: &Lookup,
        page: Result<Page, Unread>,
    ) -> Result<Vec<KeyInfo>, Unread> {
        // Until it has been gone through, nothing is complete.
        let failed = std::mem::replace(&mut self.failed, true);
        self.waiting = self.waiting.saturating_sub(1);
        let page = page?;
        self.check(lookup, &page)
            .map_err(|reason| Unread::unexpected(None, reason))?;
        self.open.extend(page.next.into_iter().rev());
        self.failed = failed;
        Ok(page.items)
    }

    fn check(&mut self, lookup: &Lookup, page: &Page) -> Result<(), &'static str> {
        if !page.next.iter().all(|next| self.known.insert(next.clone())) {
            return Err("the list leads to one page twice");
        }
        if self.known.len() > MOST_PAGES {
            return Err("the list does not end");
        }
        let list = lookup.list();
        let is_last = !page.next.iter().any(|next| next.list() == list);
        let (entries, total) = self.lists.entry(list).or_insert((0, page.total));
        *entries += page.entries;
        if *total != page.total {
            return Err("the list changed while it was read");
        }
        if is_last && total.is_some_and(|total| total != *entries) {
            return Err("the list does not have as many entries as it says");
        }
        let mut keys = page.items.iter().map(|item| item.key().clone());
        if !keys.all(|key| self.seen.insert(key)) {
            return Err("a key is listed twice");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_info::KeyStatus;
    use crate::outcome::ErrorKind;

    fn list(page: u64) -> Lookup {
        Lookup::new("list").with_query("page", page)
    }

    fn page(keys: &[&str], next: &[u64], total: Option<u64>) -> Result<Page, Unread> {
        let key = |key: &&str| KeyInfo::new(format!("devin:{key}").parse().unwrap(), KeyStatus::Active);
        Ok(Page {
            items: keys.iter().map(key).collect(),
            next: next.iter().map(|page| list(*page)).collect(),
            entries: keys.len() as u64,
            total,
        })
    }

    /// Goes through the pages in order, until one cannot be used; says how many keys came and whether they are all.
    fn read(pages: Vec<Result<Page, Unread>>) -> Result<(usize, bool), Unread> {
        let mut inventory = Inventory::new(vec![list(1)]);
        let (mut keys, mut pages) = (0, pages.into_iter());
        while let Some(lookup) = inventory.next() {
            let Some(page) = pages.next() else { break };
            let found = inventory.add(&lookup, page);
            if found.is_err() {
                assert!(!inventory.is_complete() && inventory.next().is_none());
            }
            keys += found?.len();
        }
        Ok((keys, inventory.is_complete()))
    }

    #[test]
    fn an_inventory_is_complete_when_its_last_page_was_read() {
        let one = || page(&["a", "b"], &[2], Some(3));
        let two = || page(&["c"], &[], Some(3));
        assert_eq!(read(vec![one(), two()]), Ok((3, true)));
        assert_eq!(read(vec![one()]), Ok((2, false)));
        assert_eq!(read(Vec::new()), Ok((0, false)), "asked, and not answered");
        assert_eq!(read(vec![page(&[], &[], Some(0))]), Ok((0, true)));
        assert_eq!(
            read(vec![page(&["a"], &[2], None), page(&["b"], &[], None)]),
            Ok((2, true))
        );
        assert!(
            !Inventory::new(Vec::new()).is_complete(),
            "who cannot be asked has no inventory"
        );
    }

    #[test]
    fn what_hides_a_key_is_not_taken_for_complete() {
        let unread = || Err(Unread::unexpected(None, "x"));
        for (name, pages) in [
            ("unread", vec![unread()]),
            ("unread later", vec![page(&["a"], &[2], None), unread()]),
            ("itself again", vec![page(&["a"], &[1], None)]),
            (
                "in a circle",
                vec![page(&["a"], &[2], None), page(&["b"], &[1], None)],
            ),
            (
                "two ways to one page",
                vec![page(&["a"], &[2, 2], None), page(&["b"], &[3], None)],
            ),
            (
                "total shrinks",
                vec![page(&["a"], &[2], Some(3)), page(&["b"], &[], Some(2))],
            ),
            (
                "total vanishes",
                vec![page(&["a"], &[2], Some(2)), page(&["b"], &[], None)],
            ),
            (
                "too few",
                vec![page(&["a"], &[2], Some(3)), page(&["b"], &[], Some(3))],
            ),
            ("too many", vec![page(&["a", "b"], &[], Some(1))]),
            ("twice on a page", vec![page(&["a", "a"], &[], None)]),
            (
                "twice on two pages",
                vec![page(&["a"], &[2], None), page(&["a"], &[], None)],
            ),
        ] {
            let kind = read(pages).map_err(|unread| unread.kind);
            assert_eq!(kind, Err(ErrorKind::UnexpectedAnswer), "{name}");
        }
    }

    #[test]
    fn a_page_that_could_not_be_used_is_not_made_up_for_by_a_later_one() {
        let mut inventory = Inventory::new(vec![list(1), list(2)]);
        let (one, two) = (inventory.next().unwrap(), inventory.next().unwrap());
        assert!(inventory.add(&one, page(&["a", "a"], &[], None)).is_err());
        assert!(inventory.add(&two, page(&["b"], &[], None)).is_ok());
        assert!(!inventory.is_complete());
    }

    #[test]
    fn a_list_without_end_ends() {
        let mut inventory = Inventory::new(vec![list(1)]);
        let mut pages = 0;
        while let Some(lookup) = inventory.next() {
            pages += 1;
            let _ = inventory.add(&lookup, page(&[], &[pages + 1], None));
        }
        assert!(!inventory.is_complete() && pages <= MOST_PAGES as u64);
    }

    #[test]
    fn lists_within_a_list_have_totals_of_their_own() {
        let keys_of = |owner: &str| Lookup::new("keys").with_parameter("owner", owner);
        let mut inventory = Inventory::new(vec![list(1)]);
        let mut order = Vec::new();
        while let Some(lookup) = inventory.next() {
            order.push(format!("{}{}", lookup.operation, lookup.parameter("owner")));
            let mut page = match lookup.parameter("owner") {
                "" if lookup == list(1) => page(&[], &[2], Some(3)),
                "" => page(&[], &[], Some(3)),
                owner => page(&[owner], &[], Some(1)),
            };
            if let Ok(page) = &mut page
                && lookup.operation == "list"
            {
                let owners = if lookup == list(1) {
                    vec!["a", "b"]
                } else {
                    vec!["c"]
                };
                page.entries = owners.len() as u64;
                page.next.extend(owners.into_iter().map(keys_of));
            }
            inventory.add(&lookup, page).unwrap();
        }
        assert_eq!(order, ["list", "list", "keysc", "keysa", "keysb"]);
        assert!(inventory.is_complete());
    }
}

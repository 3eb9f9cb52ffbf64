//! A plain set of document numbers of one segment.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
    length: u32,
}

impl Bits {
    pub(crate) fn empty(length: u32) -> Bits {
        Bits { words: vec![0; (length as usize).div_ceil(64)], length }
    }

    pub(crate) fn full(length: u32) -> Bits {
        let mut bits = Bits { words: vec![u64::MAX; (length as usize).div_ceil(64)], length };
        bits.clear_tail();
        bits
    }

    fn clear_tail(&mut self) {
        let used = self.length % 64;
        if used != 0
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << used) - 1;
        }
    }

    #[inline]
    pub(crate) fn insert(&mut self, document: u32) {
        self.words[document as usize / 64] |= 1 << (document % 64);
    }

    /// Inserts documents in ascending order: neighbours share one write.
    #[inline]
    pub(crate) fn insert_ascending(&mut self, documents: &[u32]) {
        let mut place = 0;
        let mut pending = 0u64;
        for document in documents {
            let index = *document as usize / 64;
            if index != place {
                self.words[place] |= pending;
                (place, pending) = (index, 0);
            }
            pending |= 1 << (document % 64);
        }
        if pending != 0 {
            self.words[place] |= pending;
        }
    }

    /// Calls for every document in ascending order; faster than [`Bits::iter`].
    #[inline]
    pub(crate) fn for_each(&self, mut call: impl FnMut(u32)) {
        for (index, word) in self.words.iter().enumerate() {
            let base = index as u32 * 64;
            if *word == u64::MAX {
                for bit in 0..64 {
                    call(base + bit);
                }
                continue;
            }
            let mut rest = *word;
            while rest != 0 {
                call(base + rest.trailing_zeros());
                rest &= rest - 1;
            }
        }
    }

    #[inline]
    pub(crate) fn remove(&mut self, document: u32) {
        self.words[document as usize / 64] &= !(1 << (document % 64));
    }

    #[inline]
    pub(crate) fn contains(&self, document: u32) -> bool {
        self.words[document as usize / 64] >> (document % 64) & 1 == 1
    }

    pub(crate) fn and(&mut self, other: &Bits) {
        for (word, theirs) in self.words.iter_mut().zip(&other.words) {
            *word &= theirs;
        }
    }

    pub(crate) fn or(&mut self, other: &Bits) {
        for (word, theirs) in self.words.iter_mut().zip(&other.words) {
            *word |= theirs;
        }
    }

    pub(crate) fn and_not(&mut self, other: &Bits) {
        for (word, theirs) in self.words.iter_mut().zip(&other.words) {
            *word &= !theirs;
        }
    }

    pub(crate) fn negate(&mut self) {
        for word in &mut self.words {
            *word = !*word;
        }
        self.clear_tail();
    }

    pub(crate) fn count(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                Some(index as u32 * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets() {
        let mut bits = Bits::empty(70);
        bits.insert(3);
        bits.insert(69);
        assert_eq!(bits.iter().collect::<Vec<_>>(), [3, 69]);
        bits.negate();
        assert_eq!(bits.count(), 68);
        assert!(!bits.contains(69));
        bits.remove(0);
        assert_eq!(Bits::full(70).count(), 70);
        let mut ascending = Bits::empty(70);
        ascending.insert_ascending(&[3, 5, 69]);
        let mut seen = Vec::new();
        ascending.for_each(|document| seen.push(document));
        assert_eq!(seen, [3, 5, 69]);
        let mut all = Bits::full(70);
        all.and_not(&bits);
        assert_eq!(all.iter().collect::<Vec<_>>(), [0, 3, 69]);
    }
}

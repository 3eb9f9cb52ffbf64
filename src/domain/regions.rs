//! Parts of a prefecture, larger than a municipality: what people mean by "in Shonai". A municipality of a prefecture that
//! is not divided here stands in its prefecture.

use std::collections::HashMap;
use std::sync::LazyLock;

/// One part of a prefecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    pub code: &'static str,
    pub name_ja: &'static str,
    pub name_en: &'static str,
}

const REGIONS: &str = include_str!("vocabulary/regions.csv");

static BY_MUNICIPALITY: LazyLock<HashMap<&'static str, Region>> = LazyLock::new(|| {
    let of = |line: &'static str| {
        let columns: Vec<&str> = line.split(',').collect();
        let [code, _, name_ja, name_en, municipalities] = columns[..] else { return Vec::new() };
        municipalities.split(' ').map(|place| (place, Region { code, name_ja, name_en })).collect()
    };
    REGIONS.lines().skip(1).flat_map(of).collect()
});

/// The code of the part of its prefecture in which a municipality lies, or the two digits of the prefecture.
pub fn region_of(municipality: &str) -> &str {
    match BY_MUNICIPALITY.get(municipality) {
        Some(region) => region.code,
        None => municipality.get(..2).unwrap_or(municipality),
    }
}

/// Every part of a prefecture that is known, by code.
pub fn all() -> Vec<Region> {
    let mut all: Vec<Region> = BY_MUNICIPALITY.values().copied().collect();
    all.sort_by_key(|region| region.code);
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_municipality_of_yamagata_lies_in_one_region() {
        let municipalities =
            include_str!("vocabulary/municipalities.csv").lines().filter(|line| line.contains(",060003,"));
        let mut count = 0;
        for line in municipalities {
            let code = line.split(',').next().expect("a code");
            assert!(all().iter().any(|region| region.code == region_of(code)), "{line}");
            count += 1;
        }
        assert_eq!((count, all().len(), BY_MUNICIPALITY.len()), (35, 4, 35));
        assert_eq!((region_of("062031"), region_of("042021")), ("06-shonai", "04"));
    }
}

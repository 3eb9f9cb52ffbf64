//! Words of several trades, and by what company each of them keeps. All folded.

/// One sense of a word. Latin signs are beginnings of words.
pub(in crate::matching::lines) struct Sense {
    /// What the line says, any of them.
    pub(in crate::matching::lines) asked: &'static [&'static str],
    /// How what was found begins, any of them.
    pub(in crate::matching::lines) found: &'static [&'static str],
    pub(in crate::matching::lines) company: Company,
}

/// What stands in the same clause.
pub(in crate::matching::lines) enum Company {
    /// Beside one of these it is something else.
    Not(&'static [&'static str]),
    /// Only beside one of these it is what the line says.
    Only(&'static [&'static str]),
}
use Company::{Not, Only};

const CUTTING: &[&str] =
    &["cutting", "切削", "機械加工", "旋盤", "旋削", "フライス", "machining", "milling", "turning"];
const MOULDS: &[&str] = &["金型", "型製作", "mold", "mould", "die", "tooling"];
const GROWING: &[&str] = &["栽培", "cultivation", "growing"];
const CULTURING: &[&str] = &["培養", "culture", "culturing"];
const TEACHING: &[&str] = &["研修", "教育", "指導", "講座", "講習", "トレーニング", "training", "teach"];
const FREEZING: &[&str] = &["冷凍", "freezing", "frozen"];

const MICROBES: &[&str] = &[
    "cell", "microb", "bacteri", "bacill", "yeast", "koji", "alga", "tissue", "ferment", "strain", "fung", "mycel",
    "spore", "virus", "medium",
];
const METALWORK: &[&str] = &[
    "lathe",
    "cnc",
    "nc",
    "machin",
    "mill",
    "drill",
    "grind",
    "shaft",
    "spindle",
    "metal",
    "steel",
    "alumin",
    "titan",
    "brass",
    "alloy",
    "part",
    "micro",
    "precision",
];

pub(in crate::matching::lines) const SENSES: &[Sense] = &[
    // Grain, pigments and paper are milled, too; and whatever moves turns.
    Sense {
        asked: CUTTING,
        found: &["mill"],
        company: Not(&["cryo", "powder", "food", "grain", "flour", "rice", "ball", "bead", "jet", "paper", "pigment"]),
    },
    Sense { asked: CUTTING, found: &["turning"], company: Only(METALWORK) },
    // Coaters, extruders and chips have dies.
    Sense {
        asked: MOULDS,
        found: &["die"],
        company: Not(&["slot", "coat", "ink", "extru", "chip", "wafer", "semiconductor", "bond"]),
    },
    Sense { asked: MOULDS, found: &["mold", "mould"], company: Not(MICROBES) },
    // What is done to a mould that is there.
    Sense { asked: MOULDS, found: &["mold", "mould"], company: Not(&["kept", "keep", "keeps"]) },
    // A coat that keeps something off is a product; and design is many trades.
    Sense {
        asked: &["塗工", "塗布"],
        found: &["coating", "コーティング"],
        company: Not(&["proof", "resist", "protect", "repel", "waterproof", "weatherproof", "防水", "防汚", "撥水"]),
    },
    Sense {
        asked: &["設計"],
        found: &["design"],
        company: Not(&["communication", "graphic", "fashion", "web", "interior", "textile", "logo", "brand", "floral"]),
    },
    // Microbes, crystals and firms grow by themselves; fields are cultivated.
    Sense { asked: GROWING, found: &["grow", "cultiv"], company: Not(MICROBES) },
    Sense {
        asked: GROWING,
        found: &["grow"],
        company: Not(&["crystal", "film", "wafer", "compan", "firm", "business", "market", "sale", "demand", "fast"]),
    },
    Sense { asked: CULTURING, found: &["cultiv"], company: Only(MICROBES) },
    // A model that is taught is no trainee.
    Sense {
        asked: TEACHING,
        found: &["教え", "トレーニング", "train", "teach"],
        company: Not(&["モデルに", "aiに", "機械に", "ロボットに", "ネットワークに", "neural", "model", "dataset"]),
    },
    // To freeze is a part of drying.
    Sense {
        asked: FREEZING, found: &["凍結", "freez"], company: Not(&["噴霧", "乾燥", "dry", "dried", "spray"])
    },
];

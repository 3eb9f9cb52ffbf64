//! By which somebody deals in a thing, or makes machines for it, and does not do it. All folded.

/// After the head: a machine for it. Who sells or makes the machine does not do the work.
pub(in crate::matching::lines) const MACHINES: &[&str] =
    &["装置", "機械", "機", "設備", "システム", "ライン", "剤", "液", "材料", "材", "ソフト", "キット"];

pub(in crate::matching::lines) const TRADES: &[&str] = &[
    "販売",
    "商社",
    "輸入",
    "代理店",
    "卸",
    "メーカ",
    "を製造",
    "を開発",
    "の製造",
    "の開発",
    "を設計",
    "の設計",
    "修理",
    "保守",
    "メンテナンス",
    "据付",
    "レンタル",
];

/// Selling a thing is not doing it, unless the clause also makes something.
pub(in crate::matching::lines) const DEALING: &[&str] = &[
    "販売",
    "代理店",
    "卸",
    "商社",
    "小売",
    "通販",
    "輸入",
    " distributor ",
    " dealer ",
    " reseller ",
    " retail ",
    " shop ",
    " sell ",
    " sold ",
    " import ",
];

pub(in crate::matching::lines) const MAKING: &[&str] =
    &["製造", "加工", "生産", "製作", "開発", "手づくり", "手作り", " make ", " manufactur ", " produc ", " develop "];

/// Lines that ask for a dealer.
pub(in crate::matching::lines) const ASKS_FOR_DEALING: &[&str] = &[
    "販売",
    "供給",
    "調達",
    "購入",
    "仕入",
    "商社",
    "卸",
    " suppli ",
    " supplier ",
    " suppl ",
    " purchas ",
    " sell ",
    " distributor ",
];

/// How the thing that does it is called, and how one has it.
pub(in crate::matching::lines) const INSTRUMENTS: &[&str] = &[
    "車",
    "機",
    "装置",
    "設備",
    "ライン",
    "室",
    "槽",
    "炉",
    "棟",
    "工場",
    "施設",
    "車両",
    "船",
    "窯",
    "場",
    "器",
    "台",
    "システム",
    "プレス",
    "ロボット",
    "カメラ",
];
pub(in crate::matching::lines) const HAVING: &[&str] = &[
    "持つ",
    "持って",
    "持ち",
    "備え",
    "保有",
    "所有",
    "有し",
    "有する",
    "そろえ",
    "揃え",
    "ある",
    "あり",
    "用意",
    "動かし",
    "回し",
    "並べ",
    "稼働",
];

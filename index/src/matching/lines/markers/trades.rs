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

/// How a clause ends by which something is lent.
pub(in crate::matching::lines) const LENDING: &[&str] = &[
    "貸す",
    "貸している",
    "貸しています",
    "貸します",
    "貸し出す",
    "貸し出している",
    "貸し出しています",
    "貸し出します",
];

/// Lines that ask for a thing or a place to be used.
pub(in crate::matching::lines) const ASKS_FOR_LENDING: &[&str] = &[
    "貸",
    "借",
    "使",
    "利用",
    "場所",
    "開放",
    "室",
    "機",
    "装置",
    "設備",
    "施設",
    "ルーム",
    "スペース",
    "ラボ",
    "区画",
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

/// After 〜品を: the words by which it is made, sold or taken as an order.
pub(in crate::matching::lines) const MAKING_OF_IT: &[&str] = &[
    "製造",
    "生産",
    "製作",
    "作",
    "つく",
    "量産",
    "供給",
    "納",
    "出荷",
    "受注",
    "受託",
    "請",
    "扱",
    "手がけ",
    "手掛け",
    "得意",
    "主力",
    "専門",
    "試作",
    "開発",
    "提供",
    "販売",
    "引き受け",
    "行",
];

/// English verbs of doing and offering, after "we".
pub(in crate::matching::lines) const OFFERING: &[&str] = &[
    "do",
    "offer",
    "provide",
    "perform",
    "carry",
    "make",
    "produce",
    "manufacture",
    "run",
    "operate",
    "have",
    "own",
    "hold",
    "specialise",
    "specialize",
    "supply",
    "deliver",
    "handle",
    "develop",
    "take",
    "accept",
    "use",
    "build",
    "undertake",
    "work",
    "are",
    "keep",
    "maintain",
    "combine",
    "master",
    "support",
    "cover",
];

/// English things for a deed, before "for".
pub(in crate::matching::lines) const THINGS_FOR_IT: &[&str] = &[
    "mould",
    "moulds",
    "mold",
    "molds",
    "machine",
    "machines",
    "tool",
    "tools",
    "die",
    "dies",
    "software",
    "press",
    "presses",
    "ink",
    "inks",
    "material",
    "materials",
    "supplies",
    "parts",
    "chemicals",
    "furnaces",
    "oils",
];

/// What is done to a machine by those who do not work with it.
pub(in crate::matching::lines) const MAKING_MACHINES: &[&str] =
    &["設計", "組立", "組み立", "製造", "製作", "開発", "販売", "修理", "保守", "点検", "据付", "輸入", "レンタル"];

//! The words by which a clause says that it does something, does not, or only speaks of it. All folded.

/// How a clause stands to what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stance {
    /// It is done, offered, had.
    States,
    /// It is explicitly not done.
    Denies,
    /// A wish, a plan, a topic, somebody else's: shows nothing.
    Neutral,
}

/// Phrases that hold a marker without its sense; taken out first.
pub(super) const HARMLESS: &[&str] = &[
    "だけでなく", "だけではなく", "のみならず", "のみでなく", "に限らず", "とは限らない", "を問わず", "問わず", "問わない", "問いません", "少なくない", "少なくありません",
    "欠かせない", "間違いない", "遜色ない", "遜色のない", "なくても", "構いません", "かまいません", "変わりません", "劣りません", "ご希望", "御希望", "ご要望", "お求め", "ご検討",
    "外注せず", "外注に頼らず", "外注することなく", "外注なし", "外注不要", "外注に出さず", "not only", "not just", "no matter", "without outsourcing", "no need to outsource", "no minimum", "no problem",
    "not limited to", "最低ロットはありません", "最小ロットはありません", "下限はありません", "制限はありません", "上限はありません", "市場調査", "課題解決", "惜しみな", "余すところな", "止まらない", "品質を重要", "研究開発を", "ことなく", "一般の方",
];

/// The clause ends with one of these: an explicit denial.
pub(super) const DENIAL_ENDS: &[&str] = &[
    "できない", "出来ない", "ていない", "でいない", "しない", "わない", "らない", "けない", "たない", "はない", "がない", "もない", "えない", "れない", "みない", "きない", "不可", "非対応", "未対応", "対応外", "対象外",
    "対応不可能", "不可能", "できません", "出来ません", "ません", "ませんでした", "未経験", "未取得", "未導入", "未保有", "なし", "無し", "困難", "難しい", "お断り", "断って", "辞退",
    "ておらず", "でおらず", "できず", "おらず", "なく", "範囲外", "取扱外", "専門外", "ありえない", "できかね", "致しかね", "いたしかね",
];

/// Said of something that is over: a denial, at the end of a clause.
pub(super) const OVER_ENDS: &[&str] = &[
    "撤退", "廃止", "終了", "中止", "停止", "休止", "売却", "廃業", "やめ", "止め", "取りやめ", "打ち切", "手放", "閉鎖", "処分", "失効", "返上", "廃棄",
];

/// Endings that may follow a predicate before its clause is over.
pub(super) const CLAUSE_TAILS: &[&str] = &[
    "ため", "ので", "ものの", "けれども", "けれど", "けど", "のですが", "んですが", "ですが", "ますが", "ましたが", "が", "です", "である", "でした", "ました", "ます", "た", "し", "て", "であり", "で", "状態", "状況", "のみ", "と", "としている", "となっています", "となっている",
    "となり", "となります", "になります", "になっています", "しています", "している", "しております", "いたしました", "しました", "した", "されています", "させていただいて", "ています", "て います", "ております", "おります", "います", "いる", "中", "いたします", "します", "こと", "から", "のが現状", "のが実情", "ものは", "ケースが多い",
];

/// Denials wherever they stand in a clause.
pub(super) const DENIAL: &[&str] = &[
    "できません", "出来ません", "行っていません", "行っておりません", "しておりません", "していません", "対応不可", "非対応", "外注", "外部委託", "社外に委託", "委託しています", "委託しており", "委託して います", "に依頼しています", "に依頼しており", "に出しています", "に出しており", "任せています",
    "取り扱っていません", "取り扱っておりません", "扱っていません", "扱っておりません", "持っていません", "持っておりません", "保有していません", "保有しておりません", "お受けしていません", "お受けしておりません", "承っておりません", "承っていません", "経験はありません", "実績はありません", "設備はありません", "ありません",
    " cannot ", " can not ", " can t ", " don t ", " doesn t ", " do not ", " does not ", " not offer", " not avail", " not provid", " no longer ", " unabl ", " not abl ", " not possibl ", " outsourc ", " subcontract ", " discontinu ", " is not ", " are not ", " have no ", " has no ", " isn t ", " aren t ", " haven t ", " have not ",
    " has not ", " hasn t ", " without ", " did not ", " didn t ", " not yet ", " never ", " neither ", " none of ", " non ", " no such ", " not touch ", " not undertak ", " nor ", " stop ", " end in ", " not handl ", " not accept ", " not support ", " ceas ", " there is no ", " we lack ", " withdrew ", " not in hous ", " not hold ", " not hav ",
];

/// Of `DENIAL`, what turns into its opposite when the work comes in.
pub(super) const TAKEN_IN: &[&str] = &["外注加工を受", "外注を受", "外注として受", "外注先として", "請け負", "請負", "受託", "引き受け", "引受", "受注"];

/// Wishes, plans, topics, the state of the world.
pub(super) const NEUTRAL: &[&str] = &[
    "探して", "探す", "探し中", "求めて", "求む", "募集", "したい", "きたい", "みたい", "りたい", "えたい", "びたい", "いたいと", "たいと考え", "ほしい", "欲しい", "希望", "望んで", "望む", "検討中", "検討して", "検討段階", "検討し", "予定", "計画", "目指", "めざ", "目標", "今後", "将来", "いずれ", "準備中", "準備を進め", "構想", "期待",
    "課題です", "課題が", "課題と", "課題で", "が課題", "悩み", "悩んで", "困って", "必要として", "お願いし", "開発中", "構築中", "申請中", "取得中", "研究中", "取り組み始め", "取り組みを始め", "始めたばかり", "着手", "挑戦", "勉強", "学んで", "学び", "研究会", "セミナー", "講演", "講習", "講座", "研修", "見学", "展示会", "参加", "聴講",
    "受講", "興味", "関心", "情報収集", "注目", "が重要", "重要で", "不可欠", "求められ", "必要とされ", "増えて", "高まって", "市場", "動向", "業界では", "一般に", "一般的に", "知られ", "加盟", "会員", "後援", "協賛", "期待され", "以前は", "かつて", "過去に", "当時", "いったん", "一時", "であった頃", "要相談", "はご相談", "ご相談も歓迎", "相談を受けたこと", "持ち込まれ", "支給品", "支給さ", "応相談", "可能性", "かもしれ", "でしょうか", "ますか", "ですか",
    "紹介して", "紹介でき", "仲介", "斡旋", "取り次", "導入を考え", "を考えて", "考えています", "以外の", "以外は", "以外を", "除く", "除いた", "除き", "ご遠慮", "あれば", "できれば", "欲しが", "買い替え", "更新時期", "調達して", "仕入れて", "購入して", "見込み", "見通し", "遅れて", "減って", "名前", "由来", "社名", "の街", "産地", "昔",
    " look for ", " seek ", " search for ", " want ", " wish ", " would like ", " hope ", " plan ", " consid ", " intend ", " futur ", " interest in ", " seminar ", " workshop ", " confer ", " attend ", " market ", " trend ", " import ", " expect ", " challeng ", " struggl ", " aim ", " under develop ", " need ", " requir ", " learn about ", " demand ",
    " in general ", " exhibit at ", " use to ", " formerli ", " previous ", " except ", " exclud ", " other than ", " may be abl ", " might ", " if ", " could ", " upcom ", " evalu whether ", " explor ", " investig whether ", " member of ", " introduc you ", " refer you ", " broker ", " purchas ", " buy ", " bought ", " would ", " will ", " in talk ", " by an independ ", " by independ ", " independ inspector ", " on behalf of ", " carri out by a ", " ask us about ", " student ", " start to learn ",
];

/// Somebody else, as the one who does it.
pub(super) const OTHERS: &[&str] = &[
    "協力会社", "協力企業", "協力工場", "他社", "取引先", "仕入先", "仕入れ先", "親会社", "子会社", "グループ会社", "関連会社", "提携先", "提携企業", "提携工場", "パートナー企業", "外部業者", "専門業者", "顧客", "お客様", "お客さま", "発注元", "納品先", "納入先", "得意先", "ユーザー", "他の会社", "別会社", "県外の会社", "大学", "共同研究先", "前身",
    "隣の会社", "同業者", "同業他社", "近隣の会社", "メーカ側", "相手先", "専門の会社", "専門会社", "専門工場", "加工業者", "業者", "事業者", "公的機関", "試験機関", "検査機関", "検査会社", "分析会社", "外部機関", "外部の機関", "第三者機関", "外部",
];
pub(super) const OTHERS_PARTICLES: &[&str] = &["製", "での", "を利用", "を使", "が", "で", "にて", "では", "に依頼", "に委託", "へ依頼", "へ委託", "に任せ", "にお願い", "から購入", "から仕入", "より購入", "の担当", "の工程", "側で", "側が", "に回", "任せ", "を紹介", "へ紹介", "に紹介", "へお願い", "に発注", "へ発注", "に頼", "によ", "の工場で", "へ回"];
/// What makes "university" one's own.
pub(super) const OWN: &[&str] = &["本", "当", "我", "弊", "自"];
pub(super) const OTHERS_ENGLISH: &[&str] = &[
    " our partner ", " partner compani ", " partner firm ", " by a partner ", " by partner ", " our custom ", " custom use ", " custom who ", " supplier ", " third parti ", " third-parti ", " parent compani ", " anoth compani ", " other compani ", " affili ", " sister compani ", " vendor ", " univers do ", " our client ",
];

/// Somebody else is sought: the wish covers the whole sentence up to the last contrast.
pub(super) const SEEKING: &[&str] = &["を探し", "を求め", "を募集", "求む", "探しています", "探してい", "募集して", " look for ", " seek ", " search for "];

/// After the head of the line: the sentence speaks of something else.
pub(super) const OTHER_HEADS: &[&str] = &["前の", "後の", "以外", "済みの", "に使", "に用い", "を用い", "を使", "のため", "に必要", "に関する", "についての", "に関わ", "の特許", "の論文", "の教", "の講", "の展", "の雑誌", "の書籍", "業界", "分野", "市場", "関連", "メーカ", "会社", "企業", "業者", "研究会", "協会", "組合", "学会", "展", "職人", "向け", "用の", "用に", "用途", "用途", "用", "協議会", "関係", "ブーム", "文化", "の歴史", "の街", "体験", "教室"];
/// After the head: a machine for it. Who sells or makes the machine does not do the work.
pub(super) const MACHINES: &[&str] = &["装置", "機械", "機", "設備", "システム", "ライン", "剤", "液", "材料", "材", "ソフト", "キット"];
pub(super) const TRADES: &[&str] = &["販売", "商社", "輸入", "代理店", "卸", "メーカ", "を製造", "を開発", "の製造", "の開発", "を設計", "の設計", "修理", "保守", "メンテナンス", "据付", "レンタル"];

/// Words that may stand between a denied thing and its particle.
pub(super) const GENERIC_TAILS: &[&str] = &[
    "加工", "処理", "作業", "業務", "サービス", "対応", "製造", "試験", "分析", "設備", "装置", "事業", "生産", "工程", "認証", "取得", "開発", "製作", "機", "そのもの", "自体", "素材", "製品", "機器", "等", "など", "への", "の対応", "の取り扱い", "の取扱い", "の取扱", "の経験", "の実績", "の設備", "の受注", "の加工", "の提供", "の認証", "の取得", "の貸出",
    "の製造", "の依頼", "の装置", "の受託", "の処理", "の受け入れ", "の実施", "までは", "まで", "の工程", "のご依頼", "の導入", "の資格", "の試験", "の生産", "の販売", "の作業", "の技術", "の事業", "の業務", "のサービス",
];
pub(super) const DENIED_PARTICLES: &[&str] = &["は", "も", "が", "を", "に", "で", "と", "や", "・", "、", ",", "し", "な", "不", "非", "未", "外", "お", "へ", ":", "(", "=", " "];

/// Selling a thing is not doing it, unless the clause also makes something.
pub(super) const DEALING: &[&str] = &["販売", "代理店", "卸", "商社", "小売", "通販", "輸入", " distributor ", " dealer ", " reseller ", " retail ", " shop ", " sell ", " sold ", " import "];
pub(super) const MAKING: &[&str] = &["製造", "加工", "生産", "製作", "開発", "手づくり", "手作り", " make ", " manufactur ", " produc ", " develop "];
/// Lines that ask for a dealer.
pub(super) const ASKS_FOR_DEALING: &[&str] = &["販売", "供給", "調達", "購入", "仕入", "商社", "卸", " suppli ", " supplier ", " suppl ", " purchas ", " sell ", " distributor "];

/// What may follow the head of a line and leaves it what it is.
pub(super) const SAME_HEAD_TAILS: &[&str] = &[
    "加工", "処理", "技術", "装置", "設備", "工程", "試験", "測定", "計測", "評価", "分析", "解析", "検査", "機", "ライン", "事業", "業務", "作業", "製品", "品", "部品", "サービス", "受託", "製造", "生産", "製作", "量産", "開発", "研究", "対応", "可", "済", "実績", "経験", "工場", "膜", "部", "認証", "取得", "認定", "システム", "一式",
    "中", "等", "他", "及", "各種", "全般", "専門", "専用", "依頼", "委託", "請負", "施工", "室", "槽", "炉", "センタ", "コース", "プラン", "作成", "管理", "構築", "導入", "運用", "設計", "試作", "データ", "ソフト", "モデル", "手法", "法", "方法", "用", "材", "剤", "液", "層", "体", "物", "器", "士", "者", "率", "量", "度", "性", "化", "型", "系", "式",
];

/// Words of a predicate that says "we do it, have it, offer it": they add nothing to what is done.
pub(super) const PREDICATES: &[&str] = &[
    "対応", "可能", "受託", "実施", "提供", "保有", "所有", "実績", "経験", "請負", "引受", "引き受け", "承", "行", "持", "有", "出来", "得意", "専門", "取得", "手", "設備", "導入", "備", "ライン", "加工", "製造", "生産", "製作", "受注", "依頼", "受付", "受け", "取り組", "取組", "開発", "研究", "確立", "社内", "自社", "一貫", "全国", "多数", "豊富", "中心", "主力", "強み", "特長",
    "特徴", "当社", "弊社", "工場", "部門", "企業", "方", "作", "使", "技術", "装置", "台", "年", "件", "社", "月", "日", "個", "業務", "事業", "作業", "サービス", "試験", "測定", "評価", "分析", "検査", "処理", "工程", "認証", "認定", "済", "運用", "稼働", "運営", "支援", "構築", "展開", "活用", "適用", "供給", "納入", "納", "出荷", "販売", "請", "扱", "委託", "在籍", "常駐", "配置", "用意", "完備",
    "設置", "成功", "実現", "達成", "開始", "継続", "更新", "維持", "保証", "発行", "作成", "添付", "報告", "記録", "公開", "開放", "貸出", "利用", "使用", "機器", "機", "品", "物", "可", "中", "以上", "以下", "まで", "程度", "約", "最大", "最小", "全", "各種", "様々", "さまざま", "幅広", "量産", "試作", "少量", "小ロット", "ロット", "製品", "部品", "材料", "素材", "基準", "規格", "品質", "管理", "体制", "続", "始", "進",
];

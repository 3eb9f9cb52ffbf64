//! One file per kind of thing: its fields, its own rules, and what of it can be found and cited.

pub mod capability;
pub mod exhibition;
pub mod need;
pub mod organization;
pub mod person;
pub mod record;
pub mod seed;

use crate::domain::Defect;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! number_value {
    ($(#[$meta:meta])* $name:ident, $low:expr, $high:expr, $code:literal, $ja:literal, $en:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "i64", into = "i64")]
        #[schema(value_type = i64)]
        pub struct $name(i64);

        impl $name {
            pub fn parse(number: i64) -> Result<Self, Defect> {
                if (($low as i64)..=($high as i64)).contains(&number) {
                    return Ok(Self(number));
                }
                Err(Defect::new($code, $ja, $en))
            }

            /// For values read back from our own database.
            pub fn from_stored(number: i64) -> Self {
                Self(number)
            }

            pub fn value(self) -> i64 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = Defect;
            fn try_from(number: i64) -> Result<Self, Defect> {
                Self::parse(number)
            }
        }

        impl From<$name> for i64 {
            fn from(value: $name) -> i64 {
                value.0
            }
        }
    };
}

number_value!(
    /// An SDG: 1 to 17.
    Sdg, 1, 17, "sdg.range", "SDGsの目標は1〜17です。", "An SDG is a number from 1 to 17."
);
number_value!(
    /// Technology readiness level: 1 to 9.
    Readiness, 1, 9, "readiness.range", "成熟度（TRL）は1〜9です。", "Readiness (TRL) is a number from 1 to 9."
);
number_value!(
    /// An amount in yen.
    Yen, 0, 1_000_000_000_000_000i64, "yen.range", "金額は0円以上、1,000兆円以下です。", "An amount is from 0 to 1,000 trillion yen."
);
number_value!(
    /// A number of people.
    Headcount, 0, 10_000_000, "headcount.range", "人数は0以上、1,000万以下です。", "A number of people is from 0 to 10 million."
);
number_value!(
    /// A time scale in months.
    Months, 0, 1_200, "months.range", "期間は0〜1,200か月です。", "A time scale is 0 to 1,200 months."
);
number_value!(
    /// A share in hundredths: 0 to 100.
    Percent, 0, 100, "percent.range", "率は0〜100%です。", "A share is from 0 to 100 percent."
);
number_value!(
    /// How much something counts beside others: 1 to 10.
    Weight, 1, 10, "weight.range", "重みは1〜10です。", "A weight is a number from 1 to 10."
);

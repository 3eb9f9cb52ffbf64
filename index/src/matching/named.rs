//! The weights by name: for fitting and ablation.

use crate::matching::score::Weights;

/// Declares how each name reaches its weight.
macro_rules! named {
    ($($name:literal => $($place:tt).+ $([$index:literal])?;)+) => {
        impl Weights {
            /// Every weight that is a plain number and may be fitted, by name.
            pub const NAMES: &'static [&'static str] = &[$($name,)+];

            /// The value of a weight; none if no weight has that name.
            pub fn get(&self, name: &str) -> Option<f32> {
                match name {
                    $($name => Some(self.$($place).+ $([$index])?),)+
                    _ => None,
                }
            }

            /// Sets a weight; false if no weight has that name, or the value is negative or no number.
            pub fn set(&mut self, name: &str, value: f32) -> bool {
                if !(value.is_finite() && value >= 0.0) {
                    return false;
                }
                match name {
                    $($name => self.$($place).+ $([$index])? = value,)+
                    _ => return false,
                }
                true
            }
        }
    };
}

named! {
    "title_words" => fields.weights[0];
    "body_words" => fields.weights[1];
    "title_grams" => fields.weights[2];
    "body_grams" => fields.weights[3];
    "title_concepts" => fields.weights[4];
    "body_concepts" => fields.weights[5];
    "saturation" => fields.saturation;
    "question_text" => question_text;
    "repetition" => repetition;
    "rarity" => rarity;
    "narrower" => narrower;
    "wider" => wider;
    "decay" => decay;
    "sharpness" => sharpness;
    "sharing" => sharing;
    "half_life" => half_life;
    "party_rarity" => party_rarity;
    "breadth_saturation" => breadth_saturation;
    "breadth_length" => breadth_length;
    "focus_saturation" => focus_saturation;
    "focus_length" => focus_length;
    "focus_prior" => focus_prior;
    "partners_topic" => partners_topic;
    "partners_sharing" => partners_sharing;
    "profile" => profile;
    "offer" => offer;
    "record" => record;
    "breadth" => breadth;
    "focus" => focus;
    "partners" => partners;
    "activity" => activity;
    "activity_with_past" => activity_with_past;
}

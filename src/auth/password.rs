//! Passwords: 12 to 256 characters, not a common one, kept as argon2id. Hashing is slow and takes memory on purpose,
//! so only so many run at once and only so many wait.

use super::secrets;
use crate::domain::Defect;
use crate::error::{Error, Result};
use actix_web::web;
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use icu_normalizer::ComposingNormalizer;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub const SHORTEST: usize = 12;
pub const LONGEST: usize = 256;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
const COMMON: &str = include_str!("common_passwords.txt");
/// A password must keep so many characters when common words, runs and repetitions are taken out.
const OWN_CHARACTERS: usize = 5;

/// What a hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub memory_kibibytes: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self { memory_kibibytes: 19 * 1024, passes: 2, lanes: 1 }
    }
}

/// May this be a password? `personal` are words that anybody knows of the person: address, name.
pub fn check(password: &str, personal: &[&str]) -> Result<(), Defect> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Err(Defect::new(
            "password.too_short",
            format!("パスワードは{SHORTEST}文字以上にしてください。"),
            format!("A password has at least {SHORTEST} characters."),
        ));
    }
    if length > LONGEST {
        return Err(Defect::new(
            "password.too_long",
            format!("パスワードは{LONGEST}文字以内にしてください。"),
            format!("A password has at most {LONGEST} characters."),
        ));
    }
    if is_common(password, personal) {
        return Err(Defect::new(
            "password.common",
            "よく使われるか、推測しやすいパスワードです。関係のない単語をいくつか並べるなど、別のものにしてください。",
            "This password is common or easy to guess. Choose another, for example several unrelated words.",
        ));
    }
    Ok(())
}

/// Is it a common password, or made of common words, runs (1234, qwerty), repetitions and little else?
fn is_common(password: &str, personal: &[&str]) -> bool {
    let folded = fold(password);
    let personal: Vec<String> = personal
        .iter()
        .flat_map(|text| text.split(|character: char| !character.is_alphanumeric()))
        .map(fold)
        .filter(|word| word.chars().count() >= 4)
        .collect();
    let words = COMMON.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let mut words: Vec<&str> = words.chain(personal.iter().map(String::as_str)).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut rest = folded;
    for word in words {
        if rest.contains(word) {
            rest = rest.replace(word, "\u{0}");
        }
    }
    own_characters(&rest) < OWN_CHARACTERS
}

/// Lower case, and letters again where digits and signs stand for them.
fn fold(text: &str) -> String {
    normalize(text)
        .chars()
        .flat_map(char::to_lowercase)
        .map(|character| match character {
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' => 't',
            other => other,
        })
        .collect()
}

/// Characters that are neither gone (NUL), nor a digit or sign, nor a step of one from the character before.
fn own_characters(text: &str) -> usize {
    // In the order of the keyboard, and what digits became in `fold`.
    const KEYBOARD: &str = "qwertyuiop\0asdfghjkl\0zxcvbnm\0i2eas6t89o\0qazwsxedcrfvtgbyhnujm";
    let mut count = 0;
    let mut before: Option<char> = None;
    let mut seen: Vec<char> = Vec::new();
    for character in text.chars() {
        let step = before.is_some_and(|before| {
            let alphabet = (character as i64 - before as i64).abs() <= 1;
            let pair: String = [before, character].iter().collect();
            let back: String = [character, before].iter().collect();
            alphabet || KEYBOARD.contains(&pair) || KEYBOARD.contains(&back)
        });
        if character.is_alphabetic() && !step && !seen.contains(&character) {
            count += 1;
            seen.push(character);
        }
        before = (character != '\u{0}').then_some(character);
    }
    count
}

/// Full-width and half-width alike: an input method must not lock anybody out.
fn normalize(password: &str) -> String {
    ComposingNormalizer::new_nfkc().normalize(password).into_owned()
}

/// Hashes and compares, off the actix workers, a few at a time.
#[derive(Debug)]
pub struct Hasher {
    cost: Cost,
    /// A hash of nothing anybody knows: unknown accounts cost what known ones cost.
    nobody: Arc<str>,
    permits: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    waiting_most: usize,
}

impl Hasher {
    pub fn new(cost: Cost, at_once: usize, waiting_most: usize) -> Result<Self> {
        let nobody = hash_now(&secrets::random_text()?, cost)?.into();
        Ok(Self {
            cost,
            nobody,
            permits: Arc::new(Semaphore::new(at_once.max(1))),
            waiting: Arc::default(),
            waiting_most,
        })
    }

    pub async fn hash(&self, password: String) -> Result<String> {
        let (permit, cost) = (self.permit().await?, self.cost);
        run(move || {
            let _permit = permit;
            hash_now(&password, cost)
        })
        .await
    }

    /// Is it the password? With no hash to compare with, it is not, and takes as long.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        let permit = self.permit().await?;
        let nobody = self.nobody.clone();
        run(move || {
            let _permit = permit;
            Ok(match &hash {
                Some(hash) => verify_now(&password, hash),
                None => {
                    verify_now(&password, &nobody);
                    false
                }
            })
        })
        .await
    }

    /// Was the hash made at another cost than today's?
    pub fn is_old(&self, hash: &str) -> bool {
        Stored::parse(hash).is_none_or(|stored| stored.cost != self.cost)
    }

    /// The place in line is given back even when the caller has gone.
    async fn permit(&self) -> Result<OwnedSemaphorePermit> {
        let place = Place::take(&self.waiting, self.waiting_most).ok_or_else(busy)?;
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| busy())?;
        drop(place);
        Ok(permit)
    }
}

struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        let taken = waiting.fetch_add(1, Ordering::SeqCst);
        let place = Self(waiting.clone());
        (taken < most).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn run<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    web::block(work).await.map_err(|_| busy())?
}

fn busy() -> Error {
    Error::Unavailable(Defect::new(
        "busy",
        "ただいま混み合っています。少し待ってからもう一度お試しください。",
        "The service is busy. Please wait a moment and try again.",
    ))
}

/// A hash in its parts (PHC string format).
struct Stored {
    cost: Cost,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Stored {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
        let (parameters, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let mut numbers =
            parameters.split(',').zip(["m=", "t=", "p="]).map(|(part, name)| part.strip_prefix(name)?.parse().ok());
        let cost = Cost { memory_kibibytes: numbers.next()??, passes: numbers.next()??, lanes: numbers.next()?? };
        let (salt, hash) = (STANDARD_NO_PAD.decode(salt).ok()?, STANDARD_NO_PAD.decode(hash).ok()?);
        Some(Self { cost, salt, hash })
    }
}

/// At once, on this thread: for commands. The service hashes through [`Hasher`], which takes turns.
pub fn hash_now(password: &str, cost: Cost) -> Result<String> {
    let salt = secrets::random::<SALT_BYTES>()?;
    let hash = argon(password, &salt, cost).ok_or_else(|| Error::internal("argon2 refused its parameters"))?;
    let Cost { memory_kibibytes, passes, lanes } = cost;
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Ok(format!("$argon2id$v=19$m={memory_kibibytes},t={passes},p={lanes}${salt}${hash}"))
}

fn verify_now(password: &str, stored: &str) -> bool {
    let Some(stored) = Stored::parse(stored) else { return false };
    argon(password, &stored.salt, stored.cost).is_some_and(|hash| secrets::same(&hash, &stored.hash))
}

fn argon(password: &str, salt: &[u8], cost: Cost) -> Option<[u8; HASH_BYTES]> {
    let params = Params::new(cost.memory_kibibytes, cost.passes, cost.lanes, Some(HASH_BYTES)).ok()?;
    let mut hash = [0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(normalize(password).as_bytes(), salt, &mut hash)
        .ok()?;
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kibibytes: 16, passes: 1, lanes: 1 };

    #[test]
    fn a_hash_knows_its_password() {
        let hash = hash_now("まつぼっくり と青い自転車", CHEAP).unwrap();
        assert!(verify_now("まつぼっくり と青い自転車", &hash));
        assert!(!verify_now("まつぼっくり と青い自転車 ", &hash));
        assert!(hash_now("ｐａｓｓｗｏｒｄ", CHEAP).map(|hash| verify_now("password", &hash)).unwrap());
        for broken in ["", "$argon2id$v=19$m=16,t=1,p=1$AAAA", "$argon2i$v=19$m=16,t=1,p=1$AAAA$AAAA"] {
            assert!(!verify_now("password", broken), "{broken}");
        }
        assert!(Hasher::new(Cost::default(), 1, 1).unwrap().is_old(&hash));
    }

    #[test]
    fn common_passwords_are_refused_and_others_are_not() {
        for common in [
            "password1234",
            "Password2026!",
            "P@ssw0rdP@ssw0rd",
            "123456789012",
            "qwertyuiop12",
            "aaaaaaaaaaaa",
            "iloveyou1234",
            "yamagata2026",
            "qazwsxedcrfv",
            "abcdefghijkl",
            "administrator1",
            "welcome12345",
            "letmein123456",
            "correcthorsebatterystaple",
            "zaq12wsxcde3",
            "1q2w3e4r5t6y",
            "password-password",
            "ｐａｓｓｗｏｒｄ１２３４",
            "tanaka-tanaka-1",
        ] {
            let refused = check(common, &["tanaka@example.jp"]).err().map(|defect| defect.code);
            assert_eq!(refused.as_deref(), Some("password.common"), "{common}");
        }
        for good in
            ["まつぼっくりと青い自転車に乗る", "violet anvil 7 harbour", "k9#Vw!pz4Lq2xR", "rinkgemoasuturbidol"]
        {
            assert!(check(good, &["tanaka@example.jp"]).is_ok(), "{good}");
        }
        assert_eq!(check("短い", &[]).unwrap_err().code, "password.too_short");
        assert_eq!(check(&"長い".repeat(200), &[]).unwrap_err().code, "password.too_long");
    }
}

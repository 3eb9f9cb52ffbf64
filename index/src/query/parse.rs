//! Text to tree. At most 512 characters, 32 terms, depth 8; what is not syntax is text.

use crate::analysis::normalise::normalise;
use crate::document::Attribute;
use crate::error::{QueryError, QueryErrorKind};
use crate::request::{Condition, ConditionField as Field};

/// Longest query, in characters.
pub const LONGEST_QUERY: usize = 512;
/// Most words, phrases and conditions in one query.
pub const MOST_TERMS: usize = 32;
/// Deepest nesting of parentheses.
pub const DEEPEST: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// A run of text without white space; it may hold several words (Japanese).
    Text(String),
    Phrase(String),
    Condition(Field, String),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
}

/// The conditions of a query in their order, so that a caller who knows the names of things can look them up; those
/// without a value, too.
///
/// # Errors
/// A query beyond the limits.
pub fn conditions(query: &str) -> Result<Vec<Condition>, QueryError> {
    let characters = checked(query)?;
    let mut parser = Parser::of(&characters);
    parser.alternatives(0)?;
    Ok(parser.conditions)
}

/// What stands before a colon like the name of a condition, and is none: it was searched for as text.
///
/// # Errors
/// A query beyond the limits.
pub fn unknown_names(query: &str) -> Result<Vec<String>, QueryError> {
    let characters = checked(query)?;
    let mut parser = Parser::of(&characters);
    parser.alternatives(0)?;
    parser.unknown.dedup();
    Ok(parser.unknown)
}

/// Names that only say that a number follows: it is searched for as it stands.
fn is_number(name: &str) -> bool {
    matches!(normalise(name).as_str(), "法人番号" | "corporate_number" | "番号" | "number")
}

fn field(name: &str) -> Option<Field> {
    let attribute = match normalise(name).as_str() {
        "date" | "day" | "日付" | "年月日" | "時期" => return Some(Field::Day),
        "updated" | "更新" | "更新日" => return Some(Field::Updated),
        "kind" | "種別" => return Some(Field::Kind),
        "owner" | "所有" => return Some(Field::Owner),
        "organization_kind" | "機関種別" => Attribute::OrganizationKind,
        "municipality" | "市町村" | "市区町村" => Attribute::Municipality,
        "prefecture" | "都道府県" => Attribute::Prefecture,
        "region" | "地域" => Attribute::Region,
        "field" | "分野" => Attribute::Field,
        "purpose" | "目的" => Attribute::Purpose,
        "sdg" | "sdgs" => Attribute::Sdg,
        "size_band" | "規模" => Attribute::SizeBand,
        "industry" | "業種" | "産業" => Attribute::Industry,
        "readiness" | "trl" | "成熟度" => Attribute::Readiness,
        "capability_kind" | "技術種別" => Attribute::CapabilityKind,
        "certificate" | "認証" => Attribute::Certificate,
        _ => return None,
    };
    Some(Field::Attribute(attribute))
}

/// Parses a query. An empty query is an empty `And`: everything.
pub(crate) fn parse(query: &str) -> Result<Node, QueryError> {
    let characters = checked(query)?;
    Parser::of(&characters).alternatives(0)
}

/// What stands before a word that must not be there, as keyboards and input methods write it.
pub fn is_minus(character: char) -> bool {
    matches!(character, '-' | '－' | '−' | '‐' | '–' | 'ー')
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '“' | '”' | '＂')
}

fn opens(character: char) -> bool {
    matches!(character, '(' | '（')
}

fn closes(character: char) -> bool {
    matches!(character, ')' | '）')
}

fn checked(query: &str) -> Result<Vec<char>, QueryError> {
    // Counting stops at the limit, so a long query is refused without reading it all.
    if query.chars().nth(LONGEST_QUERY).is_some() {
        return Err(QueryError::new(QueryErrorKind::TooLong, LONGEST_QUERY));
    }
    Ok(query.chars().collect())
}

struct Parser<'query> {
    characters: &'query [char],
    at: usize,
    terms: usize,
    conditions: Vec<Condition>,
    unknown: Vec<String>,
}

impl<'query> Parser<'query> {
    fn of(characters: &'query [char]) -> Self {
        Self { characters, at: 0, terms: 0, conditions: Vec::new(), unknown: Vec::new() }
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn alternatives(&mut self, depth: usize) -> Result<Node, QueryError> {
        if depth > DEEPEST {
            return Err(QueryError::new(QueryErrorKind::TooDeep, self.at));
        }
        let mut alternatives = Vec::new();
        let mut together = Vec::new();
        loop {
            self.skip_space();
            match self.peek() {
                None => break,
                Some(character) if depth > 0 && closes(character) => {
                    self.at += 1;
                    break;
                }
                _ => {}
            }
            if self.takes_or() {
                alternatives.push(joined(std::mem::take(&mut together)));
                continue;
            }
            if let Some(node) = self.one(depth)? {
                together.push(node);
            }
        }
        alternatives.push(joined(together));
        alternatives.retain(|node| *node != Node::And(Vec::new()));
        Ok(match alternatives.len() {
            0 => Node::And(Vec::new()),
            1 => alternatives.remove(0),
            _ => Node::Or(alternatives),
        })
    }

    fn takes_or(&mut self) -> bool {
        self.takes("OR")
    }

    /// Takes an operator in capitals, of either width, if it stands here as a word of its own.
    fn takes(&mut self, operator: &str) -> bool {
        let rest = &self.characters[self.at..];
        let narrow = |character: &char| match character {
            'Ａ'..='Ｚ' => char::from_u32(*character as u32 - 0xFEE0).unwrap_or(*character),
            other => *other,
        };
        let length = operator.len();
        let is_operator = rest.iter().take(length).map(narrow).eq(operator.chars())
            && rest.get(length).is_none_or(|next| next.is_whitespace());
        if is_operator {
            self.at += length;
        }
        is_operator
    }

    fn one(&mut self, depth: usize) -> Result<Option<Node>, QueryError> {
        // Whatever stands side by side is asked for together.
        if self.takes("AND") {
            return Ok(None);
        }
        if self.takes("NOT") {
            self.skip_space();
            let inner = self.one(depth)?;
            return Ok(inner.map(|node| Node::Not(Box::new(node))));
        }
        let Some(first) = self.peek() else { return Ok(None) };
        let next_is_text = self
            .characters
            .get(self.at + 1)
            .is_some_and(|next| !next.is_whitespace() && !is_minus(*next) && !closes(*next));
        if is_minus(first) && next_is_text && depth <= DEEPEST {
            self.at += 1;
            let inner = self.one(depth)?;
            return Ok(inner.map(|node| Node::Not(Box::new(node))));
        }
        if opens(first) && self.opens_a_group() {
            self.at += 1;
            let inner = self.alternatives(depth + 1)?;
            return Ok((inner != Node::And(Vec::new())).then_some(inner));
        }
        if is_quote(first) {
            return self.phrase();
        }
        self.word(depth)
    }

    /// Parentheses group when white space stands inside them; otherwise, as in (株), they are text.
    fn opens_a_group(&self) -> bool {
        let mut depth = 0;
        let mut space = false;
        for character in &self.characters[self.at..] {
            if opens(*character) {
                depth += 1;
            } else if closes(*character) {
                depth -= 1;
                if depth == 0 {
                    return space;
                }
            }
            space |= character.is_whitespace();
        }
        // Never closed: nothing but parentheses is text, the rest a group to the end.
        space || depth > DEEPEST
    }

    fn phrase(&mut self) -> Result<Option<Node>, QueryError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(character) = self.peek() {
            self.at += 1;
            if is_quote(character) {
                break;
            }
            text.push(character);
        }
        if text.trim().is_empty() {
            return Ok(None);
        }
        self.count(start)?;
        Ok(Some(Node::Phrase(text)))
    }

    fn word(&mut self, depth: usize) -> Result<Option<Node>, QueryError> {
        let start = self.at;
        let mut open = 0;
        let mut text = String::new();
        while let Some(character) = self.peek() {
            if character.is_whitespace() || is_quote(character) {
                break;
            }
            if closes(character) && open == 0 && depth > 0 {
                break;
            }
            if opens(character) {
                open += 1;
            } else if closes(character) && open > 0 {
                open -= 1;
            }
            self.at += 1;
            text.push(character);
            if matches!(character, ':' | '：') {
                let name = &text[..text.len() - character.len_utf8()];
                if let Some(known) = field(name) {
                    return self.condition(start, known);
                }
                if is_number(name) {
                    // What follows is the text.
                    text.clear();
                } else if self.looks_like_a_name(name) {
                    self.unknown.push(name.to_owned());
                }
            }
        }
        if !text.chars().any(char::is_alphanumeric) {
            return Ok(None);
        }
        self.count(start)?;
        Ok(Some(Node::Text(text)))
    }

    /// Letters, with a value behind the colon; http:// is an address, 10:30 a time.
    fn looks_like_a_name(&self, name: &str) -> bool {
        let letters = name.chars().all(|character| character.is_alphabetic() || character == '_');
        let value = self.peek().is_some_and(|next| next.is_alphanumeric() || matches!(next, '"' | '<' | '>'));
        letters && value && name.chars().any(char::is_alphabetic)
    }

    fn condition(&mut self, start: usize, field: Field) -> Result<Option<Node>, QueryError> {
        let mut value = String::new();
        let (mut quoted, mut open) = (false, 0);
        while let Some(character) = self.peek() {
            if is_quote(character) {
                self.at += 1;
                quoted = !quoted;
                // What follows a quoted value without a comma is no part of it.
                if !quoted && !self.peek().is_some_and(|next| matches!(next, ',' | '、' | '，')) {
                    break;
                }
                continue;
            }
            if !quoted && (character.is_whitespace() || (closes(character) && open == 0)) {
                break;
            }
            open += i32::from(!quoted && opens(character)) - i32::from(!quoted && closes(character));
            self.at += 1;
            value.push(character);
        }
        self.count(start)?;
        let condition = Condition { field, value: value.clone(), position: start, length: self.at - start };
        self.conditions.push(condition);
        // One without a value asks for nothing; the caller hears of it.
        Ok((!value.is_empty()).then_some(Node::Condition(field, value)))
    }

    fn count(&mut self, position: usize) -> Result<(), QueryError> {
        self.terms += 1;
        if self.terms > MOST_TERMS {
            return Err(QueryError::new(QueryErrorKind::TooManyTerms, position));
        }
        Ok(())
    }
}

fn joined(mut nodes: Vec<Node>) -> Node {
    if nodes.len() == 1 { nodes.remove(0) } else { Node::And(nodes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Node {
        Node::Text(text.to_string())
    }

    #[test]
    fn words_phrases_and_conditions() {
        assert_eq!(parse("有機EL　封止").unwrap(), Node::And(vec![text("有機EL"), text("封止")]));
        assert_eq!(
            parse("kind:seed \"spider silk\"").unwrap(),
            Node::And(vec![Node::Condition(Field::Kind, "seed".into()), Node::Phrase("spider silk".into())])
        );
        assert_eq!(
            parse("(a OR b) -c").unwrap(),
            Node::And(vec![Node::Or(vec![text("a"), text("b")]), Node::Not(Box::new(text("c")))])
        );
        assert_eq!(parse("種別：seed").unwrap(), Node::Condition(Field::Kind, "seed".into()));
        assert_eq!(
            conditions("封止 ＴＲＬ:>=4 (更新:令和6年度 OR x)").unwrap(),
            [
                Condition {
                    field: Field::Attribute(Attribute::Readiness),
                    value: ">=4".into(),
                    position: 3,
                    length: 7
                },
                Condition { field: Field::Updated, value: "令和6年度".into(), position: 12, length: 8 },
            ]
        );
    }

    #[test]
    fn unknown_syntax_is_text() {
        assert_eq!(parse("(株)後藤アルミ").unwrap(), text("(株)後藤アルミ"));
        assert_eq!(parse("http://example.jp").unwrap(), text("http://example.jp"));
        assert_eq!(parse("- OR ) \"\"").unwrap(), Node::And(vec![]));
    }

    #[test]
    fn what_an_input_method_writes_is_syntax_too() {
        let group = Node::And(vec![
            Node::Or(vec![text("有機EL"), text("発酵")]),
            Node::Condition(Field::Kind, "シーズ".into()),
        ]);
        assert_eq!(parse("（有機EL OR 発酵） 種別:シーズ").unwrap(), group);
        assert_eq!(parse("（有機EL OR 発酵)　種別：シーズ").unwrap(), group);
        assert_eq!(parse("（株）後藤アルミ").unwrap(), text("（株）後藤アルミ"));
        assert_eq!(parse("所有:架空精機（株）").unwrap(), Node::Condition(Field::Owner, "架空精機（株）".into()));
        assert_eq!(parse("（種別:シーズ OR x）").unwrap(), parse("(種別:シーズ OR x)").unwrap());
    }

    #[test]
    fn several_values_of_which_some_are_quoted() {
        let certificates = |value: &str| Node::Condition(Field::Attribute(Attribute::Certificate), value.to_string());
        assert_eq!(parse("認証:HACCP,\"ISO 9001\"").unwrap(), certificates("HACCP,ISO 9001"));
        assert_eq!(parse("認証:\"ISO 9001\",HACCP").unwrap(), certificates("ISO 9001,HACCP"));
        assert_eq!(parse("認証:“ISO 9001”、\"ISO 14001\"").unwrap(), certificates("ISO 9001、ISO 14001"));
        let both = Node::And(vec![certificates("ISO 9001"), text("封止")]);
        assert_eq!(parse("認証:\"ISO 9001\"封止").unwrap(), both);
        assert_eq!(parse("認証:\"ISO 9001 封止").unwrap(), certificates("ISO 9001 封止"));
    }

    #[test]
    fn operators_in_capitals() {
        let without = Node::And(vec![text("a"), Node::Not(Box::new(text("b")))]);
        assert_eq!(parse("a NOT b").unwrap(), without);
        assert_eq!(parse("a AND NOT b").unwrap(), without);
        assert_eq!(parse("a　ＯＲ　b").unwrap(), Node::Or(vec![text("a"), text("b")]));
        assert_eq!(parse("NOTE ANDES ORE not").unwrap(), Node::And(["NOTE", "ANDES", "ORE", "not"].map(text).to_vec()));
        assert_eq!(parse("a NOT").unwrap(), text("a"));
        assert_eq!(parse("NOT NOT a").unwrap(), Node::Not(Box::new(Node::Not(Box::new(text("a"))))));
        assert_eq!(parse("(a NOT ) b").unwrap(), Node::And(vec![text("a"), text("b")]));
    }

    #[test]
    fn a_number_by_its_name_is_text_and_other_names_are_told() {
        assert_eq!(parse("法人番号:8390002001000").unwrap(), text("8390002001000"));
        assert_eq!(
            unknown_names("社長:山田 http://a.jp 10:30 種別:シーズ a: color:\"red\"").unwrap(),
            ["社長", "color"]
        );
        assert_eq!(parse("社長:山田").unwrap(), text("社長:山田"));
    }

    #[test]
    fn limits() {
        assert_eq!(parse(&"(".repeat(60_000)).unwrap_err().kind, QueryErrorKind::TooLong);
        assert_eq!(parse(&"a ".repeat(40)).unwrap_err().kind, QueryErrorKind::TooManyTerms);
        assert_eq!(
            parse(&format!("{}a b{}", "(".repeat(20), ")".repeat(20))).unwrap_err().kind,
            QueryErrorKind::TooDeep
        );
    }
}

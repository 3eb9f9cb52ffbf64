//! Composing an exhibition, against everything tried and against the words of the question.

mod booths;
mod conflicts;
mod group;
mod hostile;
mod support;
mod timetable;

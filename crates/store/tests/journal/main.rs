//! The journal from outside: one battery for every kind of store, a model to hold all of them to, and what a hostile
//! world does to them.

#[cfg(test)]
mod battery;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod envelope;
#[cfg(test)]
mod model;
#[cfg(test)]
mod refusal;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tamper;

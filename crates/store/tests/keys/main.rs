//! The key store from outside, one module for each thing that it promises.

#[cfg(test)]
mod battery;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod erasure;
#[cfg(test)]
mod model;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod refusal;
#[cfg(test)]
mod support;

//! The access log from outside, one module for each thing that it promises.

#[cfg(test)]
mod battery;
#[cfg(test)]
mod closing;
#[cfg(test)]
mod counting;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod json;
#[cfg(test)]
mod people;
#[cfg(test)]
mod refusal;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod server;
#[cfg(test)]
mod support;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod version_1;
#[cfg(test)]
mod view;

//! The pages, as a browser sees them. `browse` fills in and sends their forms.

mod account;
mod audit;
mod authorization;
mod browse;
mod new_token;
mod organization;
mod pages;
mod set_up;
mod sign_in;
mod sign_up;
mod tokens;
mod usage;

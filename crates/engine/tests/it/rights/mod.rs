//! Nobody finds by any road what his rights keep from him, and everybody finds the rest: every road is compared with a plain
//! model on companies made at random.

mod company;
mod model;
mod roads;
mod staff;
mod writes;

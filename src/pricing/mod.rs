//! PriceBook

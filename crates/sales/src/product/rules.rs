//! What must hold for every product.

use meta::{Draft, label};

pub fn check(draft: &mut Draft<'_>) {
    draft.check_currency("currency");
    for field in ["price", "cost"] {
        if draft.get(field).as_decimal().is_some_and(|amount| amount.is_sign_negative() && !amount.is_zero())
        {
            draft.reject(field, label("cannot be negative", "不能为负数"));
        }
    }
}

//! The entry of the browser's half: attaches the staff pages to the HTML that the server sent.

use wasm_bindgen::prelude::wasm_bindgen;

/// Called once by the script that Leptos puts into the page.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    mailuo::app::hydrate();
}

//! The way back to a page that loads its data anew: it stands where it was left.
//!
//! The browser itself scrolls at once, while the page that is left still stands there or the new one is empty, and so
//! not far enough.

use leptos::prelude::*;

use super::parts::Loading;

/// What stands in place of a page until its data are there. After the browser's "back" it is as high as the page was,
/// and scrolled to where that was left.
#[component]
pub fn Returning() -> impl IntoView {
    let height: Option<String> = stand();
    view! { <div style:min-height=height><div class="sticky top-0"><Loading/></div></div> }
}

/// Notes from now on where pages are left. For each page that [`Returning`] stands for: one that came whole from the
/// server never shows it.
pub fn watch() {
    #[cfg(feature = "hydrate")]
    Effect::new(|_| watched::start());
}

/// Scrolls to where the page was left, and gives its height.
#[cfg(feature = "hydrate")]
fn stand() -> Option<String> {
    let (top, height) = watched::returned()?;
    Effect::new(move |_| {
        request_animation_frame(move || window().scroll_to_with_x_and_y(0.0, top));
    });
    Some(format!("{height}px"))
}

#[cfg(not(feature = "hydrate"))]
fn stand() -> Option<String> {
    None
}

#[cfg(feature = "hydrate")]
mod watched {
    use std::cell::{Cell, RefCell};
    use std::collections::HashMap;

    use leptos::prelude::{document, window};
    use wasm_bindgen::JsCast;
    use wasm_bindgen::prelude::Closure;

    thread_local! {
        static STARTED: Cell<bool> = const { Cell::new(false) };
        /// Whether the browser's buttons led to this address, and nothing was pressed since.
        static CAME_BACK: Cell<bool> = const { Cell::new(false) };
        /// Where pages were scrolled and how high they were when something was last pressed, by address.
        static LEFT: RefCell<HashMap<String, (f64, i32)>> = RefCell::default();
    }

    fn address() -> String {
        window().location().href().unwrap_or_default()
    }

    /// Listens before the router does, which changes the page.
    pub fn start() {
        if STARTED.replace(true) {
            return;
        }
        for (event, heard) in [("click", press as fn()), ("popstate", come_back as fn())] {
            let heard = Closure::<dyn FnMut()>::new(heard);
            let _ = window().add_event_listener_with_callback_and_bool(
                event,
                heard.as_ref().unchecked_ref(),
                true,
            );
            // It listens for as long as the page lives.
            heard.forget();
        }
    }

    fn press() {
        CAME_BACK.set(false);
        let top = window().scroll_y().unwrap_or_default();
        let height = document()
            .document_element()
            .map_or(0, |root| root.scroll_height());
        LEFT.with_borrow_mut(|left| {
            left.insert(address(), (top, height));
        });
    }

    fn come_back() {
        CAME_BACK.set(true);
    }

    /// Where the page was left that the browser's buttons led back to.
    pub fn returned() -> Option<(f64, i32)> {
        if !CAME_BACK.take() {
            return None;
        }
        LEFT.with_borrow(|left| left.get(&address()).copied())
    }
}

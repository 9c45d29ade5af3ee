//! Forms. They post to a server function with or without JavaScript; messages come back beside their fields and what
//! was typed stays. One form component serves all server functions, so the wasm holds its code once.

use leptos::context::Provider;
use leptos::prelude::*;

use super::boot::{Flash, Notice, Refresh, boot};
use super::locale::filled;
use crate::shared::{AppError, FieldError};

/// The form that was sent and comes back, if it is the one to `to` about `about`: the page's keys end in both.
pub fn came_back(to: &str, about: &str) -> Option<Flash> {
    use_context::<Flash>()
        .filter(|flash| flash.to == to)
        .filter(|flash| {
            let key = flash.values.iter().find(|(name, _)| name == "form_key");
            key.and_then(|(_, key)| key.rsplit_once(to))
                .is_none_or(|(_, of)| of == about)
        })
}

/// The state of the form around a field.
#[derive(Debug, Clone, Copy)]
pub struct FormState {
    error: RwSignal<Option<AppError>>,
    pending: RwSignal<bool>,
    key: RwSignal<String>,
    flash: StoredValue<Flash>,
}

impl FormState {
    fn new(to: &'static str, about: &str) -> Self {
        let flash = came_back(to, about).unwrap_or_default();
        Self {
            error: RwSignal::new(flash.error.clone()),
            pending: RwSignal::new(false),
            key: RwSignal::new(format!("{}{to}{about}", first_key())),
            flash: StoredValue::new(flash),
        }
    }

    fn message(self, field: &str) -> Option<String> {
        self.error.with(|error| match error {
            Some(AppError::Invalid(fields)) => fields
                .iter()
                .find(|f| f.field == field)
                .map(|f: &FieldError| filled(&f.key, &f.args)),
            _ => None,
        })
    }

    /// Whether a box with this value is ticked: as it was sent, in the answer to a form that was refused.
    pub fn ticked(self, field: &str, value: &str, given: bool) -> bool {
        self.flash.with_value(|flash| {
            if flash.values.is_empty() {
                given
            } else {
                flash.values.iter().any(|(n, v)| n == field && v == value)
            }
        })
    }

    fn value(self, field: &str, given: String) -> String {
        self.flash.with_value(
            |flash| match flash.values.iter().find(|(name, _)| name == field) {
                Some((_, value)) => value.clone(),
                None => given,
            },
        )
    }
}

/// A form that posts to the server function at `to`.
///
/// With JavaScript it sends in the background, goes where the answer says and shows its notice; without, the server
/// answers with a redirect, or with this page again and the messages in it.
#[component]
pub fn PostForm(
    /// URL of the server function.
    to: &'static str,
    /// CSS classes.
    #[prop(optional, into)]
    class: String,
    /// What tells the form from others on the page that post to the same function and make something.
    #[prop(optional, into)]
    about: String,
    /// Whether success needs a whole new page (language, theme).
    #[prop(optional)]
    reload: bool,
    children: Children,
) -> impl IntoView {
    let state = FormState::new(to, &about);
    let submit = submit_handler(to, about, state, reload);
    let location = leptos_router::hooks::use_location();
    let page = move || {
        let path = location.pathname.get();
        match location.search.get().trim_start_matches('?') {
            "" => path,
            search => format!("{path}?{search}"),
        }
    };
    view! {
        <Provider value=state>
            <form method="post" action=to class=class on:submit=submit>
                <input type="hidden" name="form_key" prop:value=move || state.key.get() value=state.key.get_untracked()/>
                <input type="hidden" name="from_page" value=page/>
                <FormMessage/>
                {children()}
            </form>
        </Provider>
    }
}

/// The page's own key for forms that came with it; a form made later in the browser gets a fresh one, since its
/// predecessor may have used the page's up.
fn first_key() -> String {
    #[cfg(feature = "hydrate")]
    if super::boot::is_hydrated() {
        return js_sys::Math::random().to_string();
    }
    boot().form_key
}

#[component]
fn FormMessage() -> impl IntoView {
    let state = expect_context::<FormState>();
    move || {
        state.error.get().map(|error| {
            view! { <div role="alert" class="alert alert-error mb-3 py-2">{error.message()}</div> }
        })
    }
}

#[cfg(not(feature = "hydrate"))]
fn submit_handler(
    _: &'static str,
    _: String,
    state: FormState,
    _: bool,
) -> impl FnMut(leptos::ev::SubmitEvent) + 'static {
    // Read so that both targets use every part of the state.
    let _ = (
        state.pending,
        use_context::<Notice>(),
        use_context::<Refresh>(),
    );
    |_| {}
}

#[cfg(feature = "hydrate")]
fn submit_handler(
    to: &'static str,
    about: String,
    state: FormState,
    reload: bool,
) -> impl FnMut(leptos::ev::SubmitEvent) + 'static {
    use leptos_router::hooks::use_navigate;
    let navigate = use_navigate();
    let notice = use_context::<Notice>();
    let refresh = use_context::<Refresh>();
    move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if state.pending.get_untracked() {
            return;
        }
        let Some((form, choice, data)) = browser::form_data(&event) else {
            return;
        };
        state.pending.set(true);
        let (navigate, about) = (navigate.clone(), about.clone());
        leptos::task::spawn_local(async move {
            let answer = browser::post(to, data).await;
            state.pending.set(false);
            match answer {
                Ok(saved) => {
                    state.error.set(None);
                    // Where the same page comes again, its boxes and fields would keep what was chosen for others.
                    let here = window().location().pathname().unwrap_or_default();
                    let stays = saved
                        .next
                        .as_deref()
                        .is_none_or(|next| next.split(['?', '#']).next() == Some(here.as_str()));
                    if stays {
                        form.reset();
                    }
                    state
                        .key
                        .set(format!("{}{to}{about}", js_sys::Math::random()));
                    if reload {
                        let _ = window().location().reload();
                        return;
                    }
                    if let Some(notice) = notice {
                        notice.0.set(Some(saved.notice));
                    }
                    if let Some(refresh) = refresh {
                        refresh.0.update(|n| *n += 1);
                    }
                    if let Some(next) = saved.next {
                        // Plain pages are not the router's.
                        if ["/learn/", "/review"]
                            .iter()
                            .any(|plain| next.starts_with(plain))
                        {
                            let _ = window().location().set_href(&next);
                        } else {
                            navigate(&next, Default::default());
                        }
                    }
                }
                // Sent once more the plain way: the server keeps what was typed until somebody has signed in.
                Err(AppError::Unauthenticated) => browser::send_plainly(&form, choice),
                Err(error) => {
                    // What the form before said is not this one's success.
                    if let Some(notice) = notice {
                        notice.0.set(None);
                    }
                    state.error.set(Some(error));
                    browser::show_fault(form);
                }
            }
        });
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    //! What a submit does in the browser.

    use wasm_bindgen::JsCast;
    use web_sys::{FormData, HtmlFormElement, UrlSearchParams};

    use crate::shared::{AppError, Saved};

    /// Name and value of the button that was pressed.
    type Choice = Option<(String, String)>;

    /// The form, the button that was pressed, and all that it sends.
    pub fn form_data(
        event: &leptos::ev::SubmitEvent,
    ) -> Option<(HtmlFormElement, Choice, FormData)> {
        let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
        let data = FormData::new_with_form(&form).ok()?;
        let choice = event
            .submitter()
            .and_then(|b| Some((b.get_attribute("name")?, b.get_attribute("value")?)));
        if let Some((name, value)) = &choice {
            let _ = data.append_with_str(name, value);
        }
        Some((form, choice, data))
    }

    /// Posts the form as a browser without JavaScript does; the answer replaces the page.
    pub fn send_plainly(form: &HtmlFormElement, choice: Choice) {
        if let Some((name, value)) = choice
            && let Ok(field) = leptos::prelude::document().create_element("input")
        {
            let _ = field.set_attribute("type", "hidden");
            let _ = field.set_attribute("name", &name);
            let _ = field.set_attribute("value", &value);
            let _ = form.append_child(&field);
        }
        let _ = form.submit();
    }

    /// Brings the first field at fault into sight, or the message of the whole form, once they stand on the page.
    pub fn show_fault(form: HtmlFormElement) {
        leptos::prelude::request_animation_frame(move || {
            let find = |what: &str| form.query_selector(what).ok().flatten();
            if let Some(fault) =
                find("[aria-invalid=true], span[role=alert]").or_else(|| find("[role=alert]"))
            {
                // A field at the top of a window has its label above it.
                fault.scroll_into_view_with_bool(true);
                leptos::prelude::window().scroll_by_with_x_and_y(0.0, -96.0);
                if let Ok(field) = fault.dyn_into::<web_sys::HtmlElement>() {
                    let _ = field.focus();
                }
            }
        });
    }

    /// Posts and reads the answer.
    pub async fn post(to: &str, data: FormData) -> Result<Saved, AppError> {
        let network = |e: gloo_net::Error| AppError::Network(e.to_string());
        let body = UrlSearchParams::new_with_str_sequence_sequence(&data)
            .map_err(|_| AppError::Network("form".to_owned()))?;
        let response = gloo_net::http::Request::post(to)
            .header("Accept", "application/json")
            .body(body)
            .map_err(network)?
            .send()
            .await
            .map_err(network)?;
        if response.ok() {
            response.json().await.map_err(network)
        } else {
            Err(response
                .json()
                .await
                .unwrap_or_else(|_| AppError::Network(response.status().to_string())))
        }
    }
}

/// A labelled text field with its message.
#[component]
pub fn Field(
    /// Name in the form.
    name: &'static str,
    /// Label.
    #[prop(into)]
    label: String,
    /// `type` of the input.
    #[prop(default = "text")]
    kind: &'static str,
    /// Value at first.
    #[prop(optional, into)]
    value: String,
    /// A hint below the field.
    #[prop(optional, into)]
    hint: String,
    /// `autocomplete` of the input.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// `inputmode` of the input.
    #[prop(default = "text")]
    mode: &'static str,
    /// Id of a list of suggestions in the page.
    #[prop(optional)]
    list: Option<&'static str>,
    /// Whether the browser insists on a value.
    #[prop(optional)]
    required: bool,
) -> impl IntoView {
    let state = expect_context::<FormState>();
    let value = state.value(name, value);
    view! {
        <label class="block mb-3 max-w-xl">
            <span class="block mb-1 text-sm font-medium">{label}<Mark required=required/></span>
            <input
                type=kind
                name=name
                value=value
                autocomplete=autocomplete
                inputmode=mode
                required=required
                list=list
                class="input w-full"
                class:input-error=move || state.message(name).is_some()
                aria-invalid=move || state.message(name).is_some().to_string()
            />
            {(!hint.is_empty()).then(|| view! { <span class="block mt-1 text-sm text-base-content/70">{hint}</span> })}
            <FieldMessage name=name/>
        </label>
    }
}

/// The mark of a field that must be filled in.
#[component]
fn Mark(required: bool) -> impl IntoView {
    required.then(|| view! { <span class="text-error" aria-hidden="true">" *"</span> })
}

/// A labelled text area with its message.
#[component]
pub fn TextArea(
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] hint: String,
    #[prop(default = 4)] rows: u32,
    /// Whether it is marked as one that must be filled in; the server insists.
    #[prop(optional)]
    required: bool,
) -> impl IntoView {
    let state = expect_context::<FormState>();
    let value = state.value(name, value);
    view! {
        <label class="block mb-3 max-w-3xl">
            <span class="block mb-1 text-sm font-medium">{label}<Mark required=required/></span>
            <textarea
                name=name
                aria-required=required.then_some("true")
                rows=rows
                class="textarea w-full"
                class:textarea-error=move || state.message(name).is_some()
            >{within_textarea(value)}</textarea>
            {(!hint.is_empty()).then(|| view! { <span class="block mt-1 text-sm text-base-content/70">{hint}</span> })}
            <FieldMessage name=name/>
        </label>
    }
}

/// A text for the inside of a `<textarea>`, which Leptos writes as it stands: on the server it must not end the element.
pub fn within_textarea(text: String) -> String {
    if cfg!(feature = "ssr") {
        text.replace('&', "&amp;").replace('<', "&lt;")
    } else {
        text
    }
}

/// A labelled choice with its message.
#[component]
pub fn Select(
    name: &'static str,
    #[prop(into)] label: String,
    /// Value and text of each choice.
    options: Vec<(String, String)>,
    #[prop(optional, into)] value: String,
    /// Whether it is marked as one that must be filled in; the server insists.
    #[prop(optional)]
    required: bool,
) -> impl IntoView {
    let state = expect_context::<FormState>();
    let value = state.value(name, value);
    view! {
        <label class="block mb-3 max-w-xl">
            <span class="block mb-1 text-sm font-medium">{label}<Mark required=required/></span>
            <select name=name aria-required=required.then_some("true") class="select w-full" class:select-error=move || state.message(name).is_some()>
                {options
                    .into_iter()
                    .map(|(code, label)| {
                        let selected = code == value;
                        view! { <option value=code selected=selected>{label}</option> }
                    })
                    .collect_view()}
            </select>
            <FieldMessage name=name/>
        </label>
    }
}

/// A checkbox that sends `true`.
#[component]
pub fn Checkbox(
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional)] checked: bool,
) -> impl IntoView {
    let checked = expect_context::<FormState>().ticked(name, "true", checked);
    view! {
        <label class="flex items-start gap-2 mb-3">
            <input type="checkbox" name=name value="true" checked=checked class="checkbox checkbox-sm mt-1"/>
            <span>{label}</span>
        </label>
    }
}

/// The message of one field.
#[component]
pub fn FieldMessage(name: &'static str) -> impl IntoView {
    let state = expect_context::<FormState>();
    move || {
        state
            .message(name)
            .map(|message| view! { <span class="block mt-1 text-sm text-error" role="alert">{message}</span> })
    }
}

/// What only those who hear the page are told; nothing where the text is empty.
#[component]
fn Unseen(text: String) -> impl IntoView {
    (!text.is_empty()).then(|| view! { <span class="sr-only">" "{text}</span> })
}

/// The button that sends the form; it cannot be pressed twice.
#[component]
pub fn Submit(
    #[prop(into)] label: String,
    #[prop(default = "btn btn-primary")] class: &'static str,
    /// As of [`Confirm`].
    #[prop(optional, into)]
    of: String,
    /// Name and value sent when this button is pressed.
    #[prop(optional)]
    choice: Option<(&'static str, &'static str)>,
) -> impl IntoView {
    let state = expect_context::<FormState>();
    let (name, value) = choice.unzip();
    view! {
        <button type="submit" name=name value=value class=class disabled=move || state.pending.get()>
            {label}<Unseen text=of/>
        </button>
    }
}

/// Folds the question that a button stands in.
fn fold(event: leptos::ev::MouseEvent) {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        let around = event
            .target()
            .and_then(|t| t.dyn_into::<web_sys::Element>().ok())
            .and_then(|button| button.closest("details").ok().flatten());
        if let Some(details) = around {
            let _ = details.remove_attribute("open");
        }
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = event;
}

/// A button that first says what will happen and then asks; works without JavaScript.
#[component]
pub fn Confirm(
    /// URL of the server function.
    to: &'static str,
    /// The button's text.
    #[prop(into)]
    label: String,
    /// What will happen.
    #[prop(into)]
    explain: String,
    #[prop(default = "btn btn-sm btn-outline btn-error min-h-10")] class: &'static str,
    /// As of [`PostForm`]; it also lets the question stand open again when it comes back with a message.
    #[prop(optional, into)]
    about: String,
    /// What the button is about where several look alike, for who hears the page.
    #[prop(optional, into)]
    of: String,
    /// Hidden and further fields.
    children: Children,
) -> impl IntoView {
    let open = !about.is_empty() && came_back(to, &about).is_some();
    // One at a time, so that nobody presses the button of another row; the browsers that do not know `name` show each
    // below its own button.
    view! {
        <details name="confirm" class="confirm relative max-lg:open:basis-full" open=open>
            <summary class=format!("{class} list-none")>{label.clone()}<Unseen text=of/></summary>
            // On phones in its place within the page; on desktops above it, below its button.
            <div class="mt-2 min-w-[min(16rem,70vw)] rounded-box border border-base-300 bg-base-100 p-4 text-start lg:absolute lg:end-0 lg:z-30 lg:mt-1 lg:w-72 lg:shadow-lg">
                <p class="mb-3 text-sm">{explain}</p>
                <PostForm to=to about=about>
                    {children()}
                    <div class="flex flex-wrap gap-2">
                        <Submit label=label class="btn btn-error min-h-10"/>
                        <button type="button" class="btn min-h-10" on:click=fold>{tr!("hcp_form.cancel")}</button>
                    </div>
                </PostForm>
            </div>
        </details>
    }
}

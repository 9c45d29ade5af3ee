//! Sending a film: in pieces with progress, going on after a broken line; without JavaScript as one form.

use leptos::prelude::*;

use crate::course::model::LessonKind;

/// The form that sends a lesson's media.
#[component]
pub fn Upload(
    course: String,
    lesson: String,
    kind: LessonKind,
    /// Whether there are media already.
    replaces: bool,
    max_mib: i64,
) -> impl IntoView {
    let action = format!("/courses/{course}/lessons/{lesson}/media");
    let (accept, hint) = match kind {
        LessonKind::Video => ("video/mp4,.mp4", tr!("course.video_hint", n = max_mib)),
        LessonKind::Audio => (
            "audio/mpeg,audio/mp4,.mp3,.m4a",
            tr!("course.audio_hint", n = max_mib),
        ),
        _ => (
            "application/pdf,.pdf",
            tr!("course.slides_hint", n = max_mib),
        ),
    };
    let percent = RwSignal::new(None::<u32>);
    let fault = RwSignal::new(None::<String>);
    let target = action.clone();
    let submit = move |event: leptos::ev::SubmitEvent| send(event, target.clone(), percent, fault);
    view! {
        {replaces.then(|| view! { <p class="mb-2 text-sm text-warning-content bg-warning rounded-field px-3 py-2">{tr!("course.replace_hint")}</p> })}
        <form method="post" action=action enctype="multipart/form-data" on:submit=submit>
            <input type="file" name="file" accept=accept required class="file-input w-full" aria-label=tr!("course.media")/>
            <p class="mt-1 text-sm text-base-content/70">{hint}</p>
            {move || fault.get().map(|text| view! { <p class="mt-1 text-sm text-error" role="alert">{text}</p> })}
            {move || percent.get().map(|n| view! {
                <div class="mt-2" role="status">
                    <progress class="progress progress-primary w-full" value=n.to_string() max="100"></progress>
                    <span class="num text-sm">{if n < 100 { tr!("course.sending", n = n) } else { tr!("course.checking") }}</span>
                </div>
            })}
            <button class="btn btn-primary mt-2 min-h-10" disabled=move || percent.get().is_some()>{tr!("course.send_file")}</button>
        </form>
    }
}

#[cfg(not(feature = "hydrate"))]
fn send(
    _: leptos::ev::SubmitEvent,
    _: String,
    _: RwSignal<Option<u32>>,
    _: RwSignal<Option<String>>,
) {
}

#[cfg(feature = "hydrate")]
fn send(
    event: leptos::ev::SubmitEvent,
    action: String,
    percent: RwSignal<Option<u32>>,
    fault: RwSignal<Option<String>>,
) {
    use wasm_bindgen::JsCast;
    event.prevent_default();
    if percent.get_untracked().is_some() {
        return;
    }
    let file = event
        .target()
        .and_then(|t| t.dyn_into::<web_sys::HtmlFormElement>().ok())
        .and_then(|form| form.query_selector("input[type=file]").ok().flatten())
        .and_then(|input| input.dyn_into::<web_sys::HtmlInputElement>().ok())
        .and_then(|input| input.files()?.get(0));
    let Some(file) = file else {
        return;
    };
    fault.set(None);
    percent.set(Some(0));
    let network = tr!("course.upload_broken");
    leptos::task::spawn_local(async move {
        match browser::send(&file, &action, percent).await {
            // A whole new page: the lesson may have become another one.
            Ok(next) => {
                let _ = window().location().set_href(&next);
            }
            Err(error) => {
                percent.set(None);
                fault.set(Some(error.map_or(network, |e| browser::message(&e))));
            }
        }
    });
}

#[cfg(feature = "hydrate")]
mod browser {
    //! The pieces.

    use gloo_net::http::Request;
    use leptos::prelude::*;
    use serde::{Deserialize, Serialize};
    use web_sys::File;

    use crate::shared::{AppError, Saved};

    /// Bytes of a piece: below every limit of a proxy, and soon sent again.
    const PIECE: f64 = 2_097_152.0;
    /// How often a piece is tried before giving up, and the pause between, in milliseconds.
    const TRIES: u32 = 30;
    const PAUSE: u64 = 2_000;

    #[derive(Serialize)]
    struct New {
        name: String,
        /// Bytes.
        size: u64,
    }

    #[derive(Deserialize)]
    struct Stands {
        id: String,
        have: f64,
    }

    /// The words of a refusal.
    pub fn message(error: &AppError) -> String {
        match error {
            AppError::Invalid(fields) => fields
                .first()
                .map(|f| crate::ui::locale::filled(&f.key, &f.args))
                .unwrap_or_else(|| error.message()),
            other => other.message(),
        }
    }

    async fn pause() {
        let (done, wait) = futures_channel();
        set_timeout(done, std::time::Duration::from_millis(PAUSE));
        wait.await;
    }

    /// A promise of JavaScript that the returned function keeps.
    fn futures_channel() -> (impl FnOnce(), impl Future<Output = ()>) {
        let mut resolve = None;
        let promise = js_sys::Promise::new(&mut |kept, _| resolve = Some(kept));
        let keep = move || {
            if let Some(resolve) = resolve {
                let _ = resolve.call0(&wasm_bindgen::JsValue::NULL);
            }
        };
        (keep, async move {
            let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
        })
    }

    /// Sends a file and attaches it; gives the page to go to. `None` is a line that stayed broken.
    pub async fn send(
        file: &File,
        action: &str,
        percent: RwSignal<Option<u32>>,
    ) -> Result<String, Option<AppError>> {
        let new = New {
            name: file.name(),
            size: file.size() as u64,
        };
        let begun = Request::post("/media/uploads")
            .json(&new)
            .map_err(|_| None)?;
        let Stands { id, mut have } = answer(begun.send().await).await?;
        let mut tries = 0;
        while have < file.size() {
            let end = (have + PIECE).min(file.size());
            let piece = file.slice_with_f64_and_f64(have, end).map_err(|_| None)?;
            let sent = Request::post(&format!("/media/uploads/{id}?at={have}"))
                .header("Content-Type", "application/octet-stream")
                .body(piece)
                .map_err(|_| None)?
                .send()
                .await;
            match answer::<Stands>(sent).await {
                Ok(stands) => {
                    // Wherever the server stands is where it goes on.
                    have = stands.have;
                    tries = 0;
                }
                Err(None) if tries < TRIES => {
                    tries += 1;
                    pause().await;
                }
                Err(error) => return Err(error),
            }
            percent.set(Some((have * 99.0 / file.size().max(1.0)) as u32));
        }
        percent.set(Some(100));
        let form = web_sys::FormData::new().map_err(|_| None)?;
        form.append_with_str("upload", &id).map_err(|_| None)?;
        let attached = Request::post(action)
            .body(form)
            .map_err(|_| None)?
            .send()
            .await;
        let saved: Saved = answer(attached).await?;
        Ok(format!(
            "{}?done={}",
            saved.next.unwrap_or_default(),
            saved.notice
        ))
    }

    async fn answer<T: for<'a> Deserialize<'a>>(
        response: Result<gloo_net::http::Response, gloo_net::Error>,
    ) -> Result<T, Option<AppError>> {
        let response = response.map_err(|_| None)?;
        if response.ok() {
            return response.json().await.map_err(|_| None);
        }
        // A gateway's own error is a broken line; ours say what is wrong.
        Err(response.json::<AppError>().await.ok())
    }
}

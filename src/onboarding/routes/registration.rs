//! Registering oneself: phone, profile, consent, a last look, and in. One machine for `/onboard` and `/join/{code}`.

use axum::extract::{Form, Query, State};
use axum::response::Response;

use super::parts::welcome;
use super::screens::{Screen, render};
use super::{Onboarding, join};
use crate::identity::rules;
use crate::onboarding::codes::{self, PublicCode, Step};
use crate::onboarding::consent::{self, Texts};
use crate::onboarding::hospital::{self, Typed};
use crate::onboarding::store::{self, From, Registration, Through};
use crate::server::otp::{self, Purpose};
use crate::server::web::{Visit, own_path, see_other};
use crate::server::{AppState, time};
use crate::shared::error::Checks;
use crate::shared::{AppError, AppResult};

/// How long a verified phone stays verified.
const VERIFIED_VALID: i64 = 30 * time::MINUTE;

/// Which way somebody registers.
pub struct Flow {
    /// The public code, or none at `/onboard`.
    pub code: Option<PublicCode>,
    pub texts: Texts,
    pub company: String,
}

impl Flow {
    /// The flow of a public code, or of none.
    pub async fn new(state: &AppState, code: Option<PublicCode>) -> AppResult<Flow> {
        Ok(Flow {
            code,
            texts: consent::texts(&state.db).await?,
            company: state.config.server.company.clone(),
        })
    }

    /// Where its forms go.
    pub fn action(&self) -> String {
        match &self.code {
            Some(code) => format!("/join/{}", code.code),
            None => "/onboard".to_owned(),
        }
    }
}

/// `/onboard`: the first screen.
pub async fn page(
    State(state): State<AppState>,
    visit: Visit,
    Query(form): Query<Onboarding>,
) -> Response {
    if visit.hcp.is_some() {
        return see_other(if form.next.is_empty() {
            "/me"
        } else {
            own_path(&form.next)
        });
    }
    // Nothing but the way back is taken from an address.
    let form = Onboarding {
        next: form.next,
        claims: form.claims,
        ..Default::default()
    };
    match Flow::new(&state, None).await {
        Ok(flow) => first(&state, &visit, &flow, form).await,
        Err(error) => visit.error(&error),
    }
}

/// A screen's form of `/onboard`.
pub async fn step(
    State(state): State<AppState>,
    visit: Visit,
    Form(form): Form<Onboarding>,
) -> Response {
    match Flow::new(&state, None).await {
        Ok(flow) => advance(&state, &visit, &flow, form).await,
        Err(error) => visit.error(&error),
    }
}

/// The first screen of a flow. A code that hangs on a hospital brings it along.
pub async fn first(state: &AppState, visit: &Visit, flow: &Flow, mut form: Onboarding) -> Response {
    if let Some(terminal) = flow.code.as_ref().and_then(|c| c.terminal_id.as_deref()) {
        match hospital::label(&state.db, terminal).await {
            Ok(label) => form.hospital = label.unwrap_or_default(),
            Err(error) => return visit.error(&error.into()),
        }
    }
    render(visit, flow, &form, Turn::to(Screen::Phone { sent: false }))
}

/// The screen to show next, and what to say on it.
pub struct Turn {
    pub screen: Screen,
    /// Name of the HCP on file with the verified phone.
    pub known: Option<String>,
    /// The verified phone, masked.
    pub phone: String,
    pub error: Option<AppError>,
}

impl Turn {
    fn to(screen: Screen) -> Turn {
        Turn {
            screen,
            known: None,
            phone: String::new(),
            error: None,
        }
    }

    fn failed(screen: Screen, error: AppError) -> Turn {
        Turn {
            error: Some(error),
            ..Turn::to(screen)
        }
    }
}

/// Carries a screen's form out and shows the next screen, or the same one with what is wrong.
pub async fn advance(
    state: &AppState,
    visit: &Visit,
    flow: &Flow,
    mut form: Onboarding,
) -> Response {
    let turn = match form.step.as_str() {
        "confirm" => verify(state, visit, flow, &mut form).await,
        "profile" | "consent" | "complete" | "edit_profile" | "edit_consent" => {
            go_on(state, visit, flow, &mut form).await
        }
        _ => send(state, visit, flow, &mut form).await,
    };
    if let Screen::Done { device, waits } = &turn.screen {
        return welcome(visit, device, &form.next, *waits);
    }
    render(visit, flow, &form, turn)
}

/// Sends the one-time code. It is the first thing that a browser without scripts sends, so it counts the visit.
async fn send(state: &AppState, visit: &Visit, flow: &Flow, form: &mut Onboarding) -> Turn {
    if let Err(error) = note(state, visit, flow, form, Step::Scanned).await {
        return Turn::failed(Screen::Phone { sent: false }, error);
    }
    let Some(phone) = rules::phone(&form.phone) else {
        let error = AppError::field("phone", "field.phone_format");
        return Turn::failed(Screen::Phone { sent: false }, error);
    };
    match otp::send(state, Purpose::Onboard, &phone, &visit.address).await {
        Ok(()) => Turn::to(Screen::Phone { sent: true }),
        Err(error) => Turn::failed(Screen::Phone { sent: true }, error),
    }
}

async fn verify(state: &AppState, visit: &Visit, flow: &Flow, form: &mut Onboarding) -> Turn {
    let done = async {
        let phone = rules::phone(&form.phone)
            .ok_or_else(|| AppError::field("phone", "field.phone_format"))?;
        let pass = otp::check(state, Purpose::Onboard, &phone, &form.code).await?;
        let mut tx = state.db.begin().await?;
        otp::consume(&mut tx, pass).await?;
        if let Some((code, visitor)) = counted(state, visit, flow, form) {
            codes::note(&mut tx, &code.id, &visitor, Step::Verified, None).await?;
        }
        tx.commit().await?;
        let known = match store::by_phone(state, &phone).await? {
            Some((id, name, _)) => {
                form.recall(&consent::standing(&state.db, &id, &flow.texts).await?);
                Some(name)
            }
            None => None,
        };
        Ok::<_, AppError>((phone, known))
    };
    match done.await {
        Ok((phone, known)) => {
            form.verified = state
                .keys
                .seal(&format!("{phone} {}", time::now() + VERIFIED_VALID));
            let screen = if known.is_some() {
                Screen::Consent
            } else {
                Screen::Profile {
                    hospitals: Vec::new(),
                }
            };
            Turn {
                known,
                phone: rules::mask_phone(&phone),
                ..Turn::to(screen)
            }
        }
        Err(error) => Turn::failed(Screen::Phone { sent: true }, error),
    }
}

/// The name of the HCP on file with this phone.
async fn known(state: &AppState, phone: &str) -> AppResult<Option<String>> {
    let known = store::by_phone(state, phone).await?;
    Ok(known.map(|(_, name, _)| name))
}

/// The phone that the form proves to be verified.
fn verified(state: &AppState, form: &Onboarding) -> AppResult<String> {
    state
        .keys
        .open(&form.verified)
        .and_then(|text| {
            let (phone, until) = text.split_once(' ')?;
            (until.parse::<i64>().ok()? > time::now()).then(|| phone.to_owned())
        })
        .ok_or_else(|| AppError::Conflict("onboard.too_late".into()))
}

/// What comes after the phone. Every step looks at the earlier ones again: what a browser sends proves nothing.
async fn go_on(state: &AppState, visit: &Visit, flow: &Flow, form: &mut Onboarding) -> Turn {
    let phone = match verified(state, form) {
        Ok(phone) => phone,
        Err(error) => {
            form.verified.clear();
            return Turn::failed(Screen::Phone { sent: false }, error);
        }
    };
    let known = match known(state, &phone).await {
        Ok(known) => known,
        Err(error) => return Turn::failed(Screen::Phone { sent: false }, error),
    };
    let (screen, error) = match next(state, visit, flow, form, &phone, known.is_some()).await {
        Ok(screen) => (screen, None),
        Err((screen, error)) => (screen, Some(error)),
    };
    Turn {
        screen,
        known,
        phone: rules::mask_phone(&phone),
        error,
    }
}

async fn next(
    state: &AppState,
    visit: &Visit,
    flow: &Flow,
    form: &mut Onboarding,
    phone: &str,
    known: bool,
) -> Result<Screen, (Screen, AppError)> {
    let at_profile = |error: AppError| {
        let hospitals = Vec::new();
        (Screen::Profile { hospitals }, error)
    };
    match form.step.as_str() {
        "edit_consent" => return Ok(Screen::Consent),
        "edit_profile" => {
            let hospitals = back_to_hospital(state, form).await.map_err(at_profile)?;
            return Ok(Screen::Profile { hospitals });
        }
        _ => {}
    }
    if !known {
        let hospitals = check_profile(state, form).await.map_err(at_profile)?;
        if !hospitals.is_empty() {
            return Ok(Screen::Profile { hospitals });
        }
    }
    if form.step == "profile" {
        return Ok(Screen::Consent);
    }
    let at_consent = |error: AppError| (Screen::Consent, error);
    if let Err(error) = form.agreed(&flow.texts) {
        if !form.texts.is_empty() && form.texts != flow.texts.shown() {
            // Other texts are in force since: they are to be read and agreed to anew.
            (form.profile, form.push, form.tracking) = (false, false, false);
        }
        return Err(at_consent(error));
    }
    if form.step == "consent" {
        note(state, visit, flow, form, Step::Completed)
            .await
            .map_err(at_consent)?;
        return Ok(Screen::Confirm);
    }
    let (device, waits) = register(state, visit, flow, form, phone)
        .await
        .map_err(|error| (Screen::Confirm, error))?;
    Ok(Screen::Done { device, waits })
}

/// Checks what was typed and finds the hospital; gives hospitals among which the person must choose.
async fn check_profile(
    state: &AppState,
    form: &mut Onboarding,
) -> AppResult<Vec<(String, String)>> {
    for text in [
        &mut form.name,
        &mut form.hospital,
        &mut form.asked,
        &mut form.department,
        &mut form.title,
    ] {
        *text = rules::clean(text);
    }
    let mut checks = Checks::default();
    checks
        .text(&form.name, "name", 20)
        .text(&form.hospital, "hospital", 60)
        .text(&form.department, "department", 30)
        .ensure(form.title.chars().count() <= 30, "title", "field.too_long")
        .done()?;
    match form.chosen() {
        "none" => return Ok(Vec::new()),
        "" => {}
        id => {
            if let Some(label) = hospital::label(&state.db, id).await? {
                // What was chosen stands on the next screen, not the part of it that was typed.
                form.asked.clone_from(&label);
                form.hospital = label;
                return Ok(Vec::new());
            }
        }
    }
    form.asked.clone_from(&form.hospital);
    form.terminal_id.clear();
    match hospital::find(&state.db, &form.hospital).await? {
        Typed::One(id) => form.terminal_id = id,
        Typed::Several(found) if found.is_empty() => "none".clone_into(&mut form.terminal_id),
        Typed::Several(found) => return Ok(found),
    }
    Ok(Vec::new())
}

/// Going back to the profile: what was chosen shows as typed, or the choice is offered again.
async fn back_to_hospital(
    state: &AppState,
    form: &mut Onboarding,
) -> AppResult<Vec<(String, String)>> {
    match form.chosen() {
        "" => Ok(Vec::new()),
        "none" => match hospital::find(&state.db, &form.hospital).await? {
            Typed::Several(found) => Ok(found),
            Typed::One(_) => Ok(Vec::new()),
        },
        id => {
            if let Some(label) = hospital::label(&state.db, id).await? {
                form.hospital = label;
            }
            Ok(Vec::new())
        }
    }
}

async fn register(
    state: &AppState,
    visit: &Visit,
    flow: &Flow,
    form: &Onboarding,
    phone: &str,
) -> AppResult<(String, bool)> {
    let claims = store::scan(&state.db, &form.claims).await.ok();
    let input = Registration {
        name: form.name.clone(),
        terminal_id: Some(form.chosen())
            .filter(|id| *id != "none")
            .unwrap_or_default()
            .to_owned(),
        hospital: form.hospital.clone(),
        department: form.department.clone(),
        title: form.title.clone(),
        claims: claims.map(|scanned| scanned.hcp_id),
    };
    let from = From {
        address: &visit.address,
        user_agent: &visit.user_agent,
        channel: if flow.code.is_some() {
            "public_code"
        } else {
            "self_registration"
        },
    };
    let visitor = counted(state, visit, flow, form).map(|(_, visitor)| visitor);
    let through = flow.code.as_ref().map(|code| Through {
        code,
        visitor: visitor.as_deref(),
    });
    store::register_through(state, phone, &input, through, form.consents(), &from).await
}

/// The code and the visitor to count, if this is a flow that counts.
fn counted<'a>(
    state: &AppState,
    visit: &Visit,
    flow: &'a Flow,
    form: &Onboarding,
) -> Option<(&'a PublicCode, String)> {
    let code = flow.code.as_ref()?;
    Some((code, join::visitor(state, visit, code, form)?))
}

/// Notes how far the visitor came, where that is counted.
async fn note(
    state: &AppState,
    visit: &Visit,
    flow: &Flow,
    form: &Onboarding,
    step: Step,
) -> AppResult<()> {
    let Some((code, visitor)) = counted(state, visit, flow, form) else {
        return Ok(());
    };
    let mut tx = state.db.begin().await?;
    codes::note(&mut tx, &code.id, &visitor, step, None).await?;
    tx.commit().await?;
    Ok(())
}

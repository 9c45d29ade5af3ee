//! Server functions of people, units, accounts and the audit log.

use leptos::prelude::*;
use leptos::server;

use super::model::{AccountView, AuditRow, Person, PersonRow, SmsRow, Unit};
use crate::shared::{AppResult, Page, Saved};

#[cfg(feature = "ssr")]
use {
    super::{password, rules, store, units},
    crate::server::otp::{self, Purpose},
    crate::server::{audit, guard, state::state, texts, time},
    crate::shared::error::Checks,
    crate::shared::{AppError, Permission, Role},
};

/// People within scope.
#[server(prefix = "/api", endpoint = "people/list", input = server_fn::codec::GetUrl)]
pub async fn list_people(
    #[server(default)] text: String,
    #[server(default)] role: String,
    #[server(default)] unit: String,
    #[server(default)] left: bool,
    #[server(default)] page: i64,
) -> AppResult<Page<PersonRow>> {
    let actor = guard::require(Permission::ManageOrg).await?;
    let filter = store::PeopleFilter {
        text,
        role,
        unit,
        left,
    };
    store::people(&state().db, &actor, &filter, page.max(1)).await
}

/// One person.
#[server(prefix = "/api", endpoint = "people/get", input = server_fn::codec::GetUrl)]
pub async fn get_person(id: String) -> AppResult<Person> {
    let actor = guard::require(Permission::ManageOrg).await?;
    store::person(&state().db, &actor, &id).await
}

/// Enters or changes a person.
#[server(prefix = "/api", endpoint = "people/save")]
pub async fn save_person(
    #[server(default)] form_key: String,
    #[server(default)] id: String,
    #[server(default)] name: String,
    #[server(default)] phone: String,
    #[server(default)] employee_no: String,
    #[server(default)] role: String,
    #[server(default)] unit_id: String,
    #[server(default)] manages: String,
    #[server(default)] new_password: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::ManageOrg).await?;
    let state = state();
    let name = rules::clean(&name);
    let parsed = Role::parse(&role);
    let units = units::units(&state.db).await?;
    let known = |id: &str| units.iter().any(|u| u.id == id);
    let number = rules::phone(&phone);
    let demo = store::is_demo(&state.db).await?;
    let mut checks = Checks::default();
    checks.text(&name, "name", 40);
    checks.ensure(parsed.is_some(), "role", "field.required");
    checks.ensure(known(&unit_id), "unit_id", "field.required");
    checks.ensure(
        number.is_some() || (phone.is_empty() && !id.is_empty()),
        "phone",
        "field.phone_format",
    );
    checks.ensure(
        manages.is_empty() || known(&manages),
        "manages",
        "field.required",
    );
    if !new_password.is_empty()
        && let Some(fault) = rules::password_fault(&new_password, demo)
    {
        checks.ensure(false, "new_password", fault);
    }
    checks.done()?;
    let password_hash = if new_password.is_empty() {
        None
    } else {
        Some(password::hash(new_password).await?)
    };
    let input = store::PersonInput {
        name,
        role: parsed.unwrap_or(Role::Rep),
        unit_id,
        phone: number,
        employee_no: Some(rules::clean(&employee_no)).filter(|n| !n.is_empty()),
        manages: Some(manages).filter(|m| !m.is_empty()),
        password_hash,
    };
    if !id.is_empty() {
        let mut tx = state.db.begin().await?;
        store::update_person(&state, &mut tx, &actor, &id, &input).await?;
        tx.commit().await?;
        if let Some(hash) = &input.password_hash {
            store::set_password(&state, &actor, &id, hash).await?;
        }
        return Ok(Saved::stay("notice.saved"));
    }
    let mut tx = state.db.begin().await?;
    if let Some(saved) = crate::server::form_key::earlier(&mut tx, &actor, &form_key).await? {
        return Ok(saved);
    }
    let id = store::insert_person(&state, &mut tx, &actor, &input).await?;
    let saved = Saved::go("notice.saved", format!("/people/{id}"));
    crate::server::form_key::keep(&mut tx, &actor, &form_key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// A person left (or came back).
#[server(prefix = "/api", endpoint = "people/leave")]
pub async fn leave_person(id: String, #[server(default)] back: bool) -> AppResult<Saved> {
    let actor = guard::require(Permission::ManageOrg).await?;
    if back {
        store::rejoin(&state(), &actor, &id).await
    } else {
        store::leave(&state(), &actor, &id).await
    }
}

/// The org tree.
#[server(prefix = "/api", endpoint = "units/list", input = server_fn::codec::GetUrl)]
pub async fn list_units() -> AppResult<Vec<Unit>> {
    guard::require(Permission::ManageOrg).await?;
    Ok(units::units(&state().db).await?)
}

/// Adds or renames a unit.
#[server(prefix = "/api", endpoint = "units/save")]
pub async fn save_unit(
    #[server(default)] form_key: String,
    #[server(default)] id: String,
    #[server(default)] parent_id: String,
    #[server(default)] name: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::ManageOrg).await?;
    let name = rules::clean(&name);
    Checks::default().text(&name, "name", 40).done()?;
    let filled = |s: &'_ str| Some(s.to_owned()).filter(|s| !s.is_empty());
    units::save_unit(
        &state(),
        &actor,
        &form_key,
        filled(&id).as_deref(),
        filled(&parent_id).as_deref(),
        &name,
    )
    .await
}

/// One's own account.
#[server(prefix = "/api", endpoint = "account/get", input = server_fn::codec::GetUrl)]
pub async fn my_account() -> AppResult<AccountView> {
    let actor = guard::require(Permission::OwnAccount).await?;
    let state = state();
    let own = guard::Actor {
        role: Role::Admin,
        ..actor.clone()
    };
    Ok(AccountView {
        person: store::person(&state.db, &own, &actor.id).await?,
        sessions: store::sessions(&state, &actor).await?,
        locale: actor.locale,
        theme: actor.theme,
    })
}

/// Ends one of one's own sessions.
#[server(prefix = "/api", endpoint = "account/revoke")]
pub async fn revoke_session(id: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::OwnAccount).await?;
    store::revoke_session(&state(), &actor, &id).await?;
    Ok(Saved::stay("notice.session_ended"))
}

/// A new password; the other sessions end.
#[server(prefix = "/api", endpoint = "account/password")]
pub async fn change_password(
    #[server(default)] old_password: String,
    #[server(default)] new_password: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::OwnAccount).await?;
    let state = state();
    let bucket = format!("password:{}", actor.id);
    otp::throttle(&state.db, &bucket, 10, 15 * time::MINUTE).await?;
    if let Some(fault) = rules::password_fault(&new_password, store::is_demo(&state.db).await?) {
        return Err(AppError::field("new_password", fault));
    }
    let phone = store::own_phone(&state, &actor).await?;
    let stored = store::credentials(&state, &phone)
        .await?
        .and_then(|c| c.password_hash);
    if stored.is_some() && !password::verify(old_password, stored).await? {
        otp::tally(&state.db, &bucket).await?;
        return Err(AppError::field("old_password", "field.password_wrong"));
    }
    let hash = password::hash(new_password).await?;
    store::set_password(&state, &actor, &actor.id, &hash).await?;
    Ok(Saved::stay("notice.password_changed"))
}

/// Sends codes to the old and the new phone (换绑手机号).
#[server(prefix = "/api", endpoint = "account/phone_codes")]
pub async fn send_phone_codes(#[server(default)] new_phone: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::OwnAccount).await?;
    let state = state();
    let new = rules::phone(&new_phone)
        .ok_or_else(|| AppError::field("new_phone", "field.phone_format"))?;
    let old = store::own_phone(&state, &actor).await?;
    if old == new {
        return Err(AppError::field("new_phone", "field.phone_same"));
    }
    otp::send(&state, Purpose::NewPhone, &new, &actor.address).await?;
    otp::send(&state, Purpose::OldPhone, &old, &actor.address).await?;
    Ok(Saved::go(
        "notice.codes_sent",
        format!("/account?new_phone={new}"),
    ))
}

/// Replaces the phone, with the codes that both phones got.
#[server(prefix = "/api", endpoint = "account/phone")]
pub async fn change_phone(
    #[server(default)] new_phone: String,
    #[server(default)] old_code: String,
    #[server(default)] new_code: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::OwnAccount).await?;
    let state = state();
    let new = rules::phone(&new_phone)
        .ok_or_else(|| AppError::field("new_phone", "field.phone_format"))?;
    let old = store::own_phone(&state, &actor).await?;
    let old_pass = otp::check(&state, Purpose::OldPhone, &old, &old_code)
        .await
        .map_err(|_| AppError::field("old_code", "field.code_wrong"))?;
    let new_pass = otp::check(&state, Purpose::NewPhone, &new, &new_code)
        .await
        .map_err(|_| AppError::field("new_code", "field.code_wrong"))?;
    let mut tx = state.db.begin().await?;
    otp::consume(&mut tx, old_pass).await?;
    otp::consume(&mut tx, new_pass).await?;
    store::set_own_phone(&state, &mut tx, &actor, &new).await?;
    tx.commit().await?;
    Ok(Saved::go("notice.phone_changed", "/account"))
}

/// Language and theme of one's own pages.
#[server(prefix = "/api", endpoint = "account/preferences")]
pub async fn save_preferences(
    #[server(default)] locale: String,
    #[server(default)] theme: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::OwnAccount).await?;
    let locale = crate::ui::locale::Locale::parse(&locale).code();
    let theme = if ["light", "dark"].contains(&theme.as_str()) {
        theme
    } else {
        "system".to_owned()
    };
    store::set_preferences(&state(), &actor, locale, &theme).await?;
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        use axum::http::{HeaderValue, header::SET_COOKIE};
        for cookie in [format!("locale={locale}"), format!("theme={theme}")] {
            if let Ok(value) =
                HeaderValue::from_str(&format!("{cookie}; Path=/; SameSite=Lax; Max-Age=31536000"))
            {
                response.append_header(SET_COOKIE, value);
            }
        }
    }
    Ok(Saved::stay("notice.saved"))
}

/// The SMS outbox, where the provider keeps one; on loopback only.
#[server(prefix = "/api", endpoint = "sms/list", input = server_fn::codec::GetUrl)]
pub async fn list_sms() -> AppResult<Vec<SmsRow>> {
    guard::require(Permission::ManageOrg).await?;
    let state = state();
    if !state.config.server.addr.ip().is_loopback() || state.config.server.trusted_proxy {
        return Err(AppError::Conflict("error.sms_loopback".into()));
    }
    let outbox = state
        .sms
        .outbox(100)
        .ok_or_else(|| AppError::Conflict("error.sms_none".into()))?;
    Ok(outbox
        .into_iter()
        .map(|sms| SmsRow {
            at: state.zone.second(sms.at),
            to: rules::mask_phone(&sms.to),
            text: sms.text,
        })
        .collect())
}

/// The audit log, newest first.
#[server(prefix = "/api", endpoint = "audit/list", input = server_fn::codec::GetUrl)]
pub async fn list_audit(
    #[server(default)] text: String,
    #[server(default)] from: String,
    #[server(default)] to: String,
    #[server(default)] page: i64,
) -> AppResult<Page<AuditRow>> {
    guard::require(Permission::ReadAudit).await?;
    let state = state();
    let filter = audit::Filter {
        named: texts::named("acts.", text.trim()),
        text,
        from: state.zone.start_of(&from),
        to: state.zone.start_of(&time::shift_day(&to, 1)),
    };
    let found = audit::search(&state.db, &state.keys, &filter, page).await?;
    let rows = found
        .rows
        .into_iter()
        .map(|e| AuditRow {
            seq: e.seq,
            at: state.zone.second(e.at),
            actor: e.actor,
            action: e.action,
            object_kind: e.object_kind,
            object_id: e.object_id,
            address: e.address,
            detail: e.detail,
        })
        .collect();
    Ok(Page {
        rows,
        total: found.total,
        page: found.page,
    })
}

//! Pages of people, units, one's own account, the SMS outbox and the audit log.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use super::api::*;
use super::model::{AccountView, Person, SessionRow, Unit, device};
use crate::shared::Role;
use crate::ui::boot::{may, refresh};
use crate::ui::form::{Confirm, Field, PostForm, Select, Submit};
use crate::ui::list::{
    FilterDays, FilterSelect, FilterText, Filters, page_param, param, rows_or_empty,
};
use crate::ui::nav::{entries, groups};
use crate::ui::parts::{Card, Empty, Loading, PageTitle, outcome, who};

fn roles() -> Vec<(String, String)> {
    Role::ALL
        .into_iter()
        .map(|r| (r.code().to_owned(), r.label()))
        .collect()
}

fn role_label(code: &str) -> String {
    Role::parse(code).map_or_else(|| code.to_owned(), Role::label)
}

fn unit_options(units: &[Unit], blank: Option<String>) -> Vec<(String, String)> {
    let indent = |u: &Unit| format!("{}{}", "\u{3000}".repeat(u.depth.max(0) as usize), u.name);
    blank
        .map(|b| (String::new(), b))
        .into_iter()
        .chain(units.iter().map(|u| (u.id.clone(), indent(u))))
        .collect()
}

/// 人员: all people within scope.
#[component]
pub fn PeopleList() -> impl IntoView {
    let (text, role, unit, left, page) = (
        param("text"),
        param("role"),
        param("unit"),
        param("left"),
        page_param(),
    );
    let people = Resource::new(
        move || {
            (
                text.get(),
                role.get(),
                unit.get(),
                left.get() == "true",
                page.get(),
                refresh(),
            )
        },
        |(text, role, unit, left, page, _)| list_people(text, role, unit, left, page),
    );
    let units = Resource::new(|| (), |()| list_units());
    view! {
        <PageTitle title=tr!("people.title")>
            <a class="btn btn-sm" href="/units">{tr!("units.title")}</a>
            <a class="btn btn-sm btn-primary" href="/people/new">{tr!("people.new")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                let options = unit_options(&units.await.unwrap_or_default(), None);
                view! {
                    <Filters action="/people">
                        <FilterText name="text" label=tr!("people.search")/>
                        <FilterSelect name="role" label=tr!("people.any_role") options=roles()/>
                        <FilterSelect name="unit" label=tr!("people.any_unit") options=options/>
                        <FilterSelect name="left" label=tr!("people.employed") options=vec![("true".into(), tr!("people.left"))]/>
                    </Filters>
                }
            })}
        </Suspense>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(people.await, |page| rows_or_empty(page, tr!("people.empty"), |rows| view! {
                    <div tabindex="0" role="region" aria-label=tr!("people.title") class="overflow-x-auto rounded-box border border-base-300 bg-base-100">
                        <table class="table">
                            <thead><tr>
                                <th>{tr!("people.name")}</th><th>{tr!("people.role")}</th><th>{tr!("people.unit")}</th>
                                <th>{tr!("people.phone")}</th><th>{tr!("people.employee_no")}</th>
                            </tr></thead>
                            <tbody>
                                {rows.into_iter().map(|p| view! {
                                    <tr class="hover:bg-base-200">
                                        <td class="whitespace-nowrap"><a class="link link-hover font-medium" href=format!("/people/{}", p.id)>{p.name}</a></td>
                                        <td class="whitespace-nowrap">{role_label(&p.role)}</td>
                                        <td class="whitespace-nowrap">{p.unit}</td>
                                        <td class="num">{p.phone_masked}</td>
                                        <td class="num">{p.employee_no}</td>
                                    </tr>
                                }).collect_view()}
                            </tbody>
                        </table>
                    </div>
                }))
            })}
        </Suspense>
    }
}

#[component]
fn PersonForm(person: Option<Person>, units: Vec<Unit>) -> impl IntoView {
    let row = StoredValue::new(person.as_ref().map(|p| p.row.clone()));
    let text = move |f: fn(&super::model::PersonRow) -> String| {
        row.with_value(|r| r.as_ref().map(f).unwrap_or_default())
    };
    let hint = person
        .as_ref()
        .map(|p| tr!("people.phone_keep", phone = p.row.phone_masked))
        .unwrap_or_default();
    let unit_id = person
        .as_ref()
        .map(|p| p.unit_id.clone())
        .unwrap_or_default();
    let manages = person
        .as_ref()
        .and_then(|p| p.manages.first().cloned())
        .unwrap_or_default();
    let is_new = person.is_none();
    view! {
        <PostForm to=SavePerson::url() class="max-w-lg">
            <input type="hidden" name="id" value=text(|r| r.id.clone())/>
            <Field name="name" label=tr!("people.name") value=text(|r| r.name.clone()) required=true/>
            <Field name="phone" label=tr!("people.phone") kind="tel" mode="tel" hint=hint required=is_new/>
            <Field name="employee_no" label=tr!("people.employee_no") value=text(|r| r.employee_no.clone().unwrap_or_default())/>
            <Select name="role" label=tr!("people.role") options=roles() value=text(|r| r.role.clone())/>
            <Select name="unit_id" label=tr!("people.unit") options=unit_options(&units, None) value=unit_id/>
            <Select name="manages" label=tr!("people.manages") options=unit_options(&units, Some(tr!("people.manages_none"))) value=manages/>
            <Field name="new_password" label=tr!("people.password") kind="password" autocomplete="new-password" hint=tr!("people.password_hint")/>
            <Submit label=tr!("ui.save")/>
        </PostForm>
    }
}

/// A new person.
#[component]
pub fn PersonNew() -> impl IntoView {
    let units = Resource::new(|| (), |()| list_units());
    view! {
        <PageTitle title=tr!("people.new")><a class="btn btn-sm" href="/people">{tr!("ui.back")}</a></PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(units.await, |units| view! { <Card><PersonForm person=None units=units/></Card> })
            })}
        </Suspense>
    }
}

/// One person.
#[component]
pub fn PersonPage() -> impl IntoView {
    let params = use_params_map();
    let data = Resource::new(
        move || (params.with(|p| p.get("id").unwrap_or_default()), refresh()),
        |(id, _)| async move { Ok((get_person(id).await?, list_units().await?)) },
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(data.await, |(person, units)| {
                    let (id, left) = (person.row.id.clone(), person.row.left_at.is_some());
                    let (label, explain) = if left {
                        (tr!("people.rejoin"), tr!("people.rejoin_explain"))
                    } else {
                        (tr!("people.leave"), tr!("people.leave_explain"))
                    };
                    view! {
                        <PageTitle title=person.row.name.clone()>
                            <a class="btn btn-sm" href="/people">{tr!("ui.back")}</a>
                            <a class="btn btn-sm" href=format!("/transfers/new?kind=person&from={id}")>{tr!("people.transfer_hcps")}</a>
                            <Confirm to=LeavePerson::url() label=label explain=explain>
                                <input type="hidden" name="id" value=id/>
                                <input type="hidden" name="back" value=left.to_string()/>
                            </Confirm>
                        </PageTitle>
                        {left.then(|| view! { <p class="alert alert-warning mb-4 py-2">{tr!("people.has_left")}</p> })}
                        <Card><PersonForm person=Some(person) units=units/></Card>
                    }
                })
            })}
        </Suspense>
    }
}

/// 组织架构: the org tree.
#[component]
pub fn UnitList() -> impl IntoView {
    let units = Resource::new(refresh, |_| list_units());
    view! {
        <PageTitle title=tr!("units.title")><a class="btn btn-sm" href="/people">{tr!("people.title")}</a></PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(units.await, |units| {
                    let parents: Vec<Unit> = units.iter().filter(|u| u.kind != "district").cloned().collect();
                    view! {
                        <Card title=tr!("units.add")>
                            <PostForm to=SaveUnit::url() class="grid gap-x-4 sm:grid-cols-3 items-end">
                                <Select name="parent_id" label=tr!("units.parent") options=unit_options(&parents, None)/>
                                <Field name="name" label=tr!("units.name") required=true/>
                                <div class="mb-3"><Submit label=tr!("units.add")/></div>
                            </PostForm>
                        </Card>
                        <ul class="rounded-box border border-base-300 bg-base-100">
                            {units.into_iter().map(|u| view! {
                                <li class="border-b border-base-300 px-4 py-2 last:border-0">
                                    <details>
                                        <summary class=format!("flex cursor-pointer flex-wrap items-center gap-x-4 {}", ["ps-0", "ps-5", "ps-10", "ps-15"][u.depth.clamp(0, 3) as usize])>
                                            <span class="font-medium">{u.name.clone()}</span>
                                            <span class="num text-sm text-base-content/70">{tr!("units.people", n = u.people)}</span>
                                            <span class="text-sm text-base-content/70">{u.managers.clone()}</span>
                                        </summary>
                                        <PostForm to=SaveUnit::url() class="mt-2 flex max-w-md items-end gap-2">
                                            <input type="hidden" name="id" value=u.id.clone()/>
                                            <Field name="name" label=tr!("units.rename") value=u.name required=true/>
                                            <div class="mb-3"><Submit label=tr!("ui.save") class="btn"/></div>
                                        </PostForm>
                                    </details>
                                </li>
                            }).collect_view()}
                        </ul>
                    }
                })
            })}
        </Suspense>
    }
}

/// 我的: account, sessions, password, phone, language and theme.
#[component]
pub fn Account() -> impl IntoView {
    let account = Resource::new(refresh, |_| my_account());
    view! {
        <PageTitle title=tr!("account.title")/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(account.await, |account| view! { <AccountCards account=account/> }) })}
        </Suspense>
    }
}

#[component]
fn AccountCards(account: AccountView) -> impl IntoView {
    let row = account.person.row;
    let new_phone = StoredValue::new(param("new_phone").get_untracked());
    let masked = row.phone_masked.clone();
    let languages = vec![
        ("zh-CN".to_owned(), "中文".to_owned()),
        ("en".to_owned(), "English".to_owned()),
    ];
    let themes = vec![
        ("system".to_owned(), tr!("account.theme_system")),
        ("light".to_owned(), tr!("account.theme_light")),
        ("dark".to_owned(), tr!("account.theme_dark")),
    ];
    view! {
        <Card>
            <div class="flex flex-wrap items-center gap-3">
                <div class="me-auto">
                    <div class="text-lg font-semibold">{row.name}</div>
                    <div class="text-sm text-base-content/70">{role_label(&row.role)}" · "{row.unit}" · "<span class="num">{row.phone_masked.clone()}</span></div>
                </div>
                <a class="btn btn-outline" rel="external" href="/sign-out">{tr!("account.sign_out")}</a>
            </div>
        </Card>
        <MoreLinks/>
        <Card title=tr!("account.preferences")>
            <PostForm to=SavePreferences::url() class="grid gap-x-4 sm:grid-cols-3 items-end" reload=true>
                <Select name="locale" label=tr!("account.language") options=languages value=account.locale/>
                <Select name="theme" label=tr!("account.theme") options=themes value=account.theme/>
                <div class="mb-3"><Submit label=tr!("ui.save")/></div>
            </PostForm>
        </Card>
        <Card title=tr!("account.sessions")>
            <ul class="divide-y divide-base-300">
                {account.sessions.into_iter().map(|s| view! { <SessionItem session=s/> }).collect_view()}
            </ul>
        </Card>
        <Card title=tr!("account.password")>
            <PostForm to=ChangePassword::url() class="max-w-sm">
                <Field name="old_password" label=tr!("account.old_password") kind="password" autocomplete="current-password"/>
                <Field name="new_password" label=tr!("account.new_password") kind="password" autocomplete="new-password" hint=tr!("people.password_hint") required=true/>
                <Submit label=tr!("account.change_password")/>
            </PostForm>
        </Card>
        <Card title=tr!("account.phone")>
            <PostForm to=SendPhoneCodes::url() class="max-w-sm">
                <Field name="new_phone" label=tr!("account.new_phone") kind="tel" mode="tel" value=new_phone.get_value() hint=tr!("account.phone_hint", phone = masked) required=true/>
                <Submit label=tr!("account.send_codes") class="btn"/>
            </PostForm>
            {(!new_phone.with_value(String::is_empty)).then(|| view! {
                <PostForm to=ChangePhone::url() class="mt-4 max-w-sm">
                    <input type="hidden" name="new_phone" value=new_phone.get_value()/>
                    <Field name="old_code" label=tr!("account.old_code") mode="numeric" autocomplete="one-time-code" required=true/>
                    <Field name="new_code" label=tr!("account.new_code") mode="numeric" autocomplete="one-time-code" required=true/>
                    <Submit label=tr!("account.change_phone")/>
                </PostForm>
            })}
        </Card>
    }
}

#[component]
fn SessionItem(session: SessionRow) -> impl IntoView {
    view! {
        <li class="flex flex-wrap items-center gap-2 py-2">
            <div class="me-auto min-w-0">
                <div class="truncate text-sm" title=session.user_agent.clone()>{device(&session.user_agent)}</div>
                <div class="num text-xs text-base-content/70">{session.last_seen}" · "{session.address}</div>
            </div>
            {if session.current {
                view! { <span class="badge badge-success">{tr!("account.this_session")}</span> }.into_any()
            } else {
                view! {
                    <PostForm to=RevokeSession::url()>
                        <input type="hidden" name="id" value=session.id/>
                        <Submit label=tr!("account.end_session") class="btn btn-sm btn-outline"/>
                    </PostForm>
                }.into_any()
            }}
        </li>
    }
}

/// On phones the dock holds four entries; the rest is reached from here.
#[component]
fn MoreLinks() -> impl IntoView {
    let rest: Vec<_> = entries().into_iter().filter(|entry| !entry.dock).collect();
    (!rest.is_empty()).then(|| view! {
        <nav class="mb-4 lg:hidden" aria-label=tr!("account.more")>
            {groups(rest).into_iter().map(|(group, entries)| view! {
                <h2 class="mb-1 text-sm text-base-content/70">{group.label()}</h2>
                <div class="mb-3 grid grid-cols-3 gap-2 break-normal sm:grid-cols-5">
                    {entries.into_iter().map(|entry| view! { <a class="btn min-h-12 px-2" href=entry.href>{entry.label}</a> }).collect_view()}
                </div>
            }).collect_view()}
        </nav>
    })
}

/// What the development provider "sent".
#[component]
pub fn SmsOutbox() -> impl IntoView {
    let sms = Resource::new(|| (), |()| list_sms());
    view! {
        <PageTitle title=tr!("sms.title")/>
        <p class="mb-4 text-sm text-base-content/70">{tr!("sms.explain")}</p>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(sms.await, |rows| if rows.is_empty() {
                    view! { <Empty text=tr!("sms.empty")/> }.into_any()
                } else {
                    view! {
                        <ul class="rounded-box border border-base-300 bg-base-100 divide-y divide-base-300">
                            {rows.into_iter().map(|s| view! {
                                <li class="px-4 py-2"><div class="num text-xs text-base-content/70">{s.at}" → "{s.to}</div><div>{s.text}</div></li>
                            }).collect_view()}
                        </ul>
                    }.into_any()
                })
            })}
        </Suspense>
    }
}

/// 审计日志.
#[component]
pub fn AuditLog() -> impl IntoView {
    let (text, from, to, page) = (param("text"), param("from"), param("to"), page_param());
    let rows = Resource::new(
        move || (text.get(), from.get(), to.get(), page.get()),
        |(text, from, to, page)| list_audit(text, from, to, page),
    );
    view! {
        <PageTitle title=tr!("audit.title")/>
        <Filters action="/audit">
            <FilterText name="text" label=tr!("audit.search")/>
            <FilterDays labels=[tr!("ui.from"), tr!("ui.to")] values=[from.into(), to.into()]/>
        </Filters>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(rows.await, |page| rows_or_empty(page, tr!("audit.empty"), |rows| view! {
                    <div tabindex="0" role="region" aria-label=tr!("audit.title") class="overflow-x-auto rounded-box border border-base-300 bg-base-100">
                        <table class="table table-sm">
                            <thead><tr><th>"#"</th><th>{tr!("audit.at")}</th><th>{tr!("audit.actor")}</th><th>{tr!("audit.action")}</th><th>{tr!("audit.object")}</th><th>{tr!("audit.detail")}</th></tr></thead>
                            <tbody>
                                {rows.into_iter().map(|r| {
                                    let act = r.act();
                                    let object = view! { {r.kind()}<div class="break-all text-base-content/70">{r.object_id.clone()}</div> };
                                    let page = r.page().filter(|page| may(crate::app::page_permission(page)));
                                    view! { <tr>
                                        <td class="num">{r.seq}</td>
                                        <td class="num whitespace-nowrap">{r.at}</td>
                                        <td class="whitespace-nowrap">{who(r.actor)}<div class="num text-xs text-base-content/70">{r.address}</div></td>
                                        <td class="whitespace-nowrap">{act}<div class="text-xs text-base-content/70"><code>{r.action}</code></div></td>
                                        <td class="min-w-40 max-w-56 text-xs">
                                            {match page {
                                                Some(page) => view! { <a class="link" href=page>{object}</a> }.into_any(),
                                                None => object.into_any(),
                                            }}
                                        </td>
                                        <td class="min-w-72 max-w-96 text-xs">{r.detail}</td>
                                    </tr> }
                                }).collect_view()}
                            </tbody>
                        </table>
                    </div>
                }))
            })}
        </Suspense>
    }
}

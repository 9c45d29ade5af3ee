//! Writing, review and publishing; the library and the files.

use axum::http::StatusCode;
use mailuo::server::db::q;
use mailuo::shared::Role;

on_both!(from_draft_to_published_and_withdrawn, |app| {
    let (marketer, compliance) = (
        app.cookie(Role::Marketer).await,
        app.cookie(Role::Compliance).await,
    );
    let empty = app
        .post("/api/articles/save", &marketer, &[("form_key", "a")])
        .await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = [
        ("form_key", "a"),
        ("title", "家庭血压"),
        ("summary", "摘要"),
        ("author", "作者"),
        ("audience", "public"),
        ("expires_on", "2099-01-01"),
        ("diseases", "高血压、糖尿病"),
        ("body_md", "## 标题\n\n<script>alert(1)</script>正文"),
    ];
    let saved = app.post("/api/articles/save", &marketer, &form).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
    let next: serde_json::Value = serde_json::from_str(&saved.text()).expect("is JSON");
    let id = next["next"]
        .as_str()
        .expect("leads on")
        .trim_start_matches("/articles/")
        .to_owned();

    let step = |cookie: String, form: Vec<(&'static str, String)>| {
        let (app, id) = (&app, id.clone());
        async move {
            let mut all = vec![("id", id.as_str())];
            all.extend(form.iter().map(|(n, v)| (*n, v.as_str())));
            app.post("/api/articles/advance", &cookie, &all)
                .await
                .status
        }
    };
    let to = |step: &'static str| vec![("step", step.to_owned())];
    assert_eq!(
        app.get(&format!("/a/{id}"), "").await.status,
        StatusCode::NOT_FOUND,
        "a draft is nobody's to read"
    );
    let rep = app.cookie(Role::Rep).await;
    assert_eq!(
        app.get(&format!("/api/articles/get?id={id}"), &rep)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        step(marketer.clone(), to("publish")).await,
        StatusCode::CONFLICT,
        "nothing is published unreviewed"
    );
    assert_eq!(step(marketer.clone(), to("submit")).await, StatusCode::OK);
    assert_eq!(
        step(marketer.clone(), to("submit")).await,
        StatusCode::OK,
        "a double tap is one step"
    );
    let bare = app
        .post(
            "/api/articles/save",
            &marketer,
            &[&form[1..], &[("id", id.as_str())]].concat(),
        )
        .await;
    assert_eq!(
        bare.status,
        StatusCode::CONFLICT,
        "what is in review cannot be changed"
    );
    assert_eq!(
        step(compliance.clone(), to("approve")).await,
        StatusCode::UNPROCESSABLE_ENTITY,
        "approval needs its number"
    );
    let approve = vec![
        ("step", "approve".to_owned()),
        ("approval_no", "MLR-1".to_owned()),
        ("expires_on", "2099-01-01".to_owned()),
    ];
    assert_eq!(step(compliance.clone(), approve).await, StatusCode::OK);
    assert_eq!(step(marketer.clone(), to("publish")).await, StatusCode::OK);
    let page = app.get("/library?text=%E8%A1%80%E5%8E%8B", "").await.text();
    assert!(page.contains("家庭血压") && page.contains("MLR-1") && !page.contains(".wasm"));
    let view = app
        .get(&format!("/api/articles/get?id={id}"), &marketer)
        .await
        .text();
    let view: serde_json::Value = serde_json::from_str(&view).expect("is JSON");
    let html = view["body_html"].as_str().expect("has a body");
    assert!(html.contains("正文") && !html.contains("<script"));
    let withdraw = vec![
        ("step", "withdraw".to_owned()),
        ("comment", "有新指南".to_owned()),
    ];
    assert_eq!(step(compliance, withdraw).await, StatusCode::OK);
    assert_eq!(
        app.get(&format!("/a/{id}"), "").await.status,
        StatusCode::GONE
    );
    let revised = app
        .post(
            "/api/articles/revise",
            &marketer,
            &[("form_key", "r"), ("id", &id)],
        )
        .await;
    assert_eq!(revised.status, StatusCode::OK);
    assert_eq!(
        app.count(
            "SELECT COUNT(*) FROM article WHERE status = 'draft' AND revised_from IS NOT NULL"
        )
        .await,
        1
    );
});

on_both!(the_library_holds_what_a_visitor_may_read, |app| {
    for (title, audience, until, tag) in [
        ("公开的", "public", "2099-01-01", "高血压"),
        ("专业的", "professional", "2099-01-01", "心力衰竭"),
        ("过期的", "public", "2020-01-01", "哮喘"),
    ] {
        let id = app.article(title, audience, until).await;
        q("INSERT INTO article_tag (article_id, kind, tag) VALUES ($1, 'disease', $2)")
            .bind(id)
            .bind(tag)
            .exec(&app.state.db)
            .await
            .expect("is tagged");
    }
    let visitor = app.get("/library", "").await.text();
    assert!(
        visitor.contains("公开的") && !visitor.contains("专业的") && !visitor.contains("过期的")
    );
    // A tag that led to nothing would only puzzle.
    assert!(
        visitor.contains("高血压") && !visitor.contains("心力衰竭") && !visitor.contains("哮喘")
    );
    let rep = app.actor(Role::Rep).await;
    let hcp = app.hcp("王小明", "13911112222", Some(&rep.id)).await;
    let doctor = app.bound(&hcp, true).await;
    let library = app.get("/library", &doctor).await.text();
    assert!(
        library.contains("专业的") && library.contains("心力衰竭") && !library.contains("哮喘")
    );
});

on_both!(images_are_what_they_say_and_follow_their_article, |app| {
    let marketer = app.cookie(Role::Marketer).await;
    let form = [
        ("form_key", "a"),
        ("title", "图"),
        ("summary", "摘要"),
        ("author", "作者"),
        ("audience", "professional"),
        ("expires_on", "2099-01-01"),
        ("body_md", "正文"),
    ];
    let saved: serde_json::Value = serde_json::from_str(
        &app.post("/api/articles/save", &marketer, &form)
            .await
            .text(),
    )
    .expect("JSON");
    let id = saved["next"]
        .as_str()
        .expect("leads on")
        .trim_start_matches("/articles/")
        .to_owned();
    let upload = |bytes: &'static [u8]| {
        let (app, marketer, id) = (&app, marketer.clone(), id.clone());
        async move {
            let mut body =
                b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n"
                    .to_vec();
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n--x--\r\n");
            let request = axum::http::Request::builder()
                .method("POST")
                .uri(format!("/articles/{id}/images"))
                .header("cookie", marketer)
                .header("sec-fetch-site", "same-origin")
                .header("content-type", "multipart/form-data; boundary=x")
                .body(axum::body::Body::from(body))
                .expect("a request");
            app.send(request).await.status
        }
    };
    assert_eq!(
        upload(b"<svg onload=alert(1)>").await,
        StatusCode::CONFLICT,
        "a file that is not what it says"
    );
    assert_eq!(
        upload(b"\x89PNG\r\n\x1a\nrest").await,
        StatusCode::SEE_OTHER
    );
    let (file,): (String,) = mailuo::server::db::q("SELECT id FROM file")
        .one(&app.state.db)
        .await
        .expect("a file");
    let path = format!("/files/{file}");
    assert_eq!(
        app.get(&path, "").await.status,
        StatusCode::NOT_FOUND,
        "a draft's image is not the public's"
    );
    let shown = app.get(&path, &marketer).await;
    assert_eq!(
        (shown.status, &shown.headers["content-type"]),
        (StatusCode::OK, &"image/png".parse().expect("a value"))
    );
    assert_eq!(
        app.get("/files/..%2F..%2Fkey", &marketer).await.status,
        StatusCode::NOT_FOUND
    );
});

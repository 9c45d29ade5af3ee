//! Files of lessons: what is refused, uploads in pieces, and how films are given.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use mailuo::shared::Role;

use super::{FILM, SLIDES, draft, film, lesson, send};
use crate::hcp_record::saved;
use crate::support::{Answer, demo_file};

on_both!(a_file_that_is_not_what_it_says_is_refused, |app| {
    let course = draft(&app, &[]).await;
    let film = lesson(&app, &course, "video", "片").await;
    let slides = lesson(&app, &course, "slides", "页").await;
    let mut cut = demo_file(FILM);
    cut.truncate(2_000);
    for (lesson, bytes, fault) in [
        (&film, b"MZ\x90\0 a program".to_vec(), "field.media_type"),
        (&film, cut, "field.media_unreadable"),
        (&film, demo_file(SLIDES), "field.media_other_kind"),
        (&slides, demo_file(FILM), "field.media_other_kind"),
        (
            &slides,
            b"%PDF-1.7 and no more".to_vec(),
            "field.media_unreadable",
        ),
        (&film, Vec::new(), "field.required"),
    ] {
        let to = send(&app, &course, lesson, "media", &bytes).await;
        assert!(
            to.ends_with(&format!("fault={fault}")),
            "{to} is not {fault}"
        );
    }
    let to = send(&app, &course, &film, "media", &demo_file(FILM)).await;
    assert!(to.contains("done="));
    for bytes in [&b"1\n00:00:01,000 --> 00:00:02,000\nSRT"[..], b"\xff\xfe"] {
        let to = send(&app, &course, &film, "captions", bytes).await;
        assert!(to.ends_with("fault=field.captions"), "{to}");
    }
    let good = demo_file("courses/media/compliance-1.vtt");
    assert!(
        send(&app, &course, &film, "captions", &good)
            .await
            .contains("done=")
    );
});

on_both!(an_upload_goes_on_after_a_broken_line, |app| {
    let course = draft(&app, &[]).await;
    let lesson = lesson(&app, &course, "video", "片").await;
    let trainer = app.cookie(Role::Trainer).await;
    let bytes = demo_file(FILM);
    let new = format!("{{\"name\":\"片.mp4\",\"size\":{}}}", bytes.len());
    let begun = app
        .post_body("/media/uploads", &trainer, "application/json", new)
        .await;
    let begun: serde_json::Value = serde_json::from_slice(&begun.bytes).expect("is JSON");
    let id = begun["id"].as_str().expect("an id").to_owned();
    let piece = async |at: usize, to: usize| -> u64 {
        let path = format!("/media/uploads/{id}?at={at}");
        let piece = bytes[at..to].to_vec();
        let answer = app
            .post_body(&path, &trainer, "application/octet-stream", piece)
            .await;
        let stands: serde_json::Value = serde_json::from_slice(&answer.bytes).expect("is JSON");
        stands["have"].as_u64().expect("a number")
    };
    assert_eq!(piece(0, 100_000).await, 100_000);
    assert_eq!(piece(0, 100_000).await, 100_000, "sent again");
    assert_eq!(
        piece(200_000, 210_000).await,
        100_000,
        "one is missing before it"
    );
    // Somebody else's upload is not there.
    let admin = app.cookie(Role::Admin).await;
    assert_eq!(
        app.get(&format!("/media/uploads/{id}"), &admin)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let attach = async || -> Answer {
        let body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"upload\"\r\n\r\n{id}\r\n--x--\r\n"
        );
        let path = format!("/courses/{course}/lessons/{lesson}/media");
        app.post_body(&path, &trainer, "multipart/form-data; boundary=x", body)
            .await
    };
    assert_eq!(
        attach().await.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "it is not whole"
    );
    let mut at = 100_000;
    while at < bytes.len() {
        at = piece(at, (at + 100_000).min(bytes.len())).await as usize;
    }
    let done = saved(&attach().await);
    assert_eq!(done.notice, "notice.uploaded");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM media WHERE kind = 'video' AND duration_ms > 57000")
            .await,
        1
    );
    assert_eq!(
        attach().await.status,
        StatusCode::NOT_FOUND,
        "it is used up"
    );
});

on_both!(films_are_given_in_the_pieces_that_are_asked_for, |app| {
    let (course, lesson) = film(&app, &[]).await;
    let rep = app.cookie(Role::Rep).await;
    let path = format!("/learn/{course}/{lesson}/media");
    let ask = |cookie: &str, range: &'static str| {
        Request::builder()
            .uri(path.clone())
            .header("cookie", cookie)
            .header("range", range)
            .header("accept-encoding", "gzip, br")
            .body(Body::empty())
            .expect("a request")
    };
    let part = app.send(ask(&rep, "bytes=100-199")).await;
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.bytes, demo_file(FILM)[100..200]);
    assert_eq!(part.headers[header::CONTENT_TYPE], "video/mp4");
    let whole = app.get(&path, &rep).await;
    assert_eq!(whole.headers[header::ACCEPT_RANGES], "bytes");
    assert_eq!(whole.headers.get(header::CONTENT_ENCODING), None);
    assert!(
        whole.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .expect("text")
            .contains("media-src 'self'")
    );
    // Not of the audience, or nobody.
    let otc = app.cookie(Role::OtcRep).await;
    assert_eq!(
        app.send(ask(&otc, "bytes=0-9")).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        app.send(ask("", "bytes=0-9")).await.status,
        StatusCode::UNAUTHORIZED
    );
});

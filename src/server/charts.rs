//! Where the script that draws charts lies: `charts/build.mjs` gives it a name that changes with its content.

use std::path::Path;

/// The address of the script; empty where the site was built without it, and charts are tables then.
///
/// Looked up anew each time, among four names: the site may be built again beneath a running server.
pub fn path(site: &str) -> String {
    let Ok(folder) = std::fs::read_dir(Path::new(site).join("charts")) else {
        return String::new();
    };
    folder
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .find(|name| name.starts_with("charts.") && name.ends_with(".js"))
        .map(|name| format!("/charts/{name}"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_without_the_script_has_no_address() {
        assert_eq!(path("no/such/folder"), "");
    }
}

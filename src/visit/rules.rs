//! Pure rules of check-ins.
//!
//! domain, Visits: beyond the terminal's radius (500 m), with accuracy worse than 100 m, or faster than 150 km/h from
//! the last one (all settings), it is accepted and flagged, never silently dropped.

use serde::{Deserialize, Serialize};

/// What is flagged; an administrator can set it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Metres to the terminal.
    pub radius_m: f64,
    /// Metres of accuracy.
    pub accuracy_m: f64,
    /// Kilometres an hour from the last check-in.
    pub speed_kmh: f64,
    /// How many check-ins with the very same coordinates are no chance any more.
    pub same_place: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            radius_m: 500.0,
            accuracy_m: 100.0,
            speed_kmh: 150.0,
            same_place: 3,
        }
    }
}

/// How often an HCP should be visited in a month, and how often at most (domain, Compliance: company-set caps on visits per
/// HCP per month); an administrator can set them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goals {
    pub goal: i64,
    pub cap: i64,
}

impl Default for Goals {
    fn default() -> Self {
        Goals { goal: 2, cap: 4 }
    }
}

/// The settings of field work.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub limits: Limits,
    pub goals: Goals,
}

/// A position, in degrees of WGS-84.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    pub latitude: f64,
    pub longitude: f64,
}

impl Position {
    /// A position out of degrees; none where they are no place on earth.
    pub fn new(latitude: f64, longitude: f64) -> Option<Position> {
        let valid = latitude.is_finite()
            && longitude.is_finite()
            && (-90.0..=90.0).contains(&latitude)
            && (-180.0..=180.0).contains(&longitude);
        valid.then_some(Position {
            latitude,
            longitude,
        })
    }

    /// Metres to another position along the earth's surface (haversine on a sphere of 6,371,008.8 m, the mean radius of
    /// the IUGG; within half a per cent of the ellipsoid).
    pub fn metres_to(self, other: Position) -> f64 {
        let (a, b) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half = |from: f64, to: f64| ((to - from) / 2.0).sin().powi(2);
        let turn = half(self.longitude.to_radians(), other.longitude.to_radians());
        let root = (half(a, b) + a.cos() * b.cos() * turn).sqrt().min(1.0);
        2.0 * 6_371_008.8 * root.asin()
    }
}

impl Position {
    /// Metres to the east and to the north of another position, for distances of some kilometres.
    pub fn offset_from(self, origin: Position) -> (f64, f64) {
        let metre = 6_371_008.8_f64.to_radians();
        let east = (self.longitude - origin.longitude) * metre * origin.latitude.to_radians().cos();
        (east, (self.latitude - origin.latitude) * metre)
    }
}

/// What there is to judge a check-in by.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    pub position: Option<Position>,
    pub accuracy_m: Option<f64>,
    /// To the terminal, and how near one must be to it.
    pub distance_m: Option<f64>,
    pub radius_m: Option<f64>,
    /// The last check-in: its position and how many milliseconds ago it was.
    pub last: Option<(Position, i64)>,
    /// How often the person checked in with these very coordinates before.
    pub repeats: i64,
    /// How much later than the device's clock says the server got it, in milliseconds.
    pub late_ms: i64,
}

/// What is odd about a check-in; nothing follows from it by itself.
pub fn flags(evidence: &Evidence, limits: &Limits) -> Vec<&'static str> {
    let mut out = Vec::new();
    let Some(position) = evidence.position else {
        out.push("no_position");
        if evidence.late_ms > LATE_MS {
            out.push("late");
        }
        return out;
    };
    let radius = evidence.radius_m.unwrap_or(limits.radius_m);
    if evidence.distance_m.is_some_and(|metres| metres > radius) {
        out.push("far");
    }
    if evidence
        .accuracy_m
        .is_none_or(|metres| metres > limits.accuracy_m)
    {
        out.push("imprecise");
    }
    if let Some((last, ago)) = evidence.last {
        let metres = position.metres_to(last);
        let kmh = metres / 1000.0 / (ago.max(1) as f64 / 3_600_000.0);
        // Positions wander: what lies within their accuracy is no way that was gone.
        if metres > 2.0 * limits.accuracy_m && kmh > limits.speed_kmh {
            out.push("fast");
        }
    }
    if evidence.repeats >= limits.same_place {
        out.push("same_place");
    }
    if evidence.late_ms > LATE_MS {
        out.push("late");
    }
    out
}

/// From when on a check-in counts as sent later.
pub const LATE_MS: i64 = 5 * 60_000;
/// How far back the device's clock is believed: what waited longer counts when it arrives.
pub const BELIEVED_MS: i64 = 7 * 24 * 3_600_000;

/// The moment that counts: the device's, unless it lies ahead of the server's or too far back.
pub fn moment(device_at: Option<i64>, received_at: i64) -> i64 {
    match device_at {
        Some(at) if at <= received_at && received_at - at <= BELIEVED_MS => at,
        _ => received_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(latitude: f64, longitude: f64) -> Position {
        Position::new(latitude, longitude).expect("a place")
    }

    #[test]
    fn distances_are_those_of_the_earth() {
        // Beijing and Shanghai, city centres: about 1,067 km.
        let metres = at(39.9042, 116.4074).metres_to(at(31.2304, 121.4737));
        assert!((1_060_000.0..1_075_000.0).contains(&metres), "{metres}");
        // A thousandth of a degree of latitude: 111 m everywhere.
        let metres = at(39.9, 116.4).metres_to(at(39.901, 116.4));
        assert!((110.0..112.0).contains(&metres), "{metres}");
        assert!(
            at(0.0, 179.9995).metres_to(at(0.0, -179.9995)) < 120.0,
            "across the date line"
        );
        let (east, north) = at(39.901, 116.401).offset_from(at(39.9, 116.4));
        assert!(
            (84.0..87.0).contains(&east) && (110.0..112.0).contains(&north),
            "{east} {north}"
        );
        assert_eq!(Position::new(91.0, 0.0), None);
        assert_eq!(Position::new(f64::NAN, 0.0), None);
    }

    #[test]
    fn what_is_odd_is_flagged() {
        let limits = Limits::default();
        let here = at(39.9, 116.4);
        let fine = Evidence {
            position: Some(here),
            accuracy_m: Some(20.0),
            distance_m: Some(120.0),
            ..Evidence::default()
        };
        assert_eq!(flags(&fine, &limits), Vec::<&str>::new());
        let far = Evidence {
            distance_m: Some(501.0),
            ..fine.clone()
        };
        assert_eq!(flags(&far, &limits), ["far"]);
        let wide = Evidence {
            radius_m: Some(1_000.0),
            ..far
        };
        assert_eq!(
            flags(&wide, &limits),
            Vec::<&str>::new(),
            "the terminal's own radius"
        );
        let vague = Evidence {
            accuracy_m: Some(101.0),
            ..fine.clone()
        };
        assert_eq!(flags(&vague, &limits), ["imprecise"]);
        // 60 km in 20 minutes.
        let flown = Evidence {
            last: Some((at(40.44, 116.4), 20 * 60_000)),
            ..fine.clone()
        };
        assert_eq!(flags(&flown, &limits), ["fast"]);
        let wandering = Evidence {
            last: Some((at(39.9015, 116.4), 1)),
            ..fine.clone()
        };
        assert_eq!(flags(&wandering, &limits), Vec::<&str>::new());
        let always = Evidence {
            repeats: 3,
            late_ms: LATE_MS + 1,
            ..fine
        };
        assert_eq!(flags(&always, &limits), ["same_place", "late"]);
        assert_eq!(flags(&Evidence::default(), &limits), ["no_position"]);
    }

    #[test]
    fn the_devices_clock_is_believed_within_reason() {
        assert_eq!(moment(Some(90), 100), 90);
        assert_eq!(moment(Some(101), 100), 100, "ahead");
        assert_eq!(
            moment(Some(0), BELIEVED_MS + 1),
            BELIEVED_MS + 1,
            "too far back"
        );
        assert_eq!(moment(None, 100), 100);
    }
}

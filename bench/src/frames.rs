//! Job: the feed's frames, written before anything is measured.
//! Takes: a seed, a count, and how ids are chosen.
//! Gives: the dashboard's frames, nine bookings to one metrics update, and the place of each id.
//! Never: reads a clock; equal seeds give equal bytes.

use anyhow::Context as _;
use tokio_tungstenite::tungstenite::{Bytes, Utf8Bytes};

/// What stands before every booking's id, and so marks one in a body or a line.
pub(crate) const ID_MARK: &[u8] = b"BK-";

const DAY: &str = "20261123-";
const DAY_MS: u64 = 86_400_000;

/// How a frame's place becomes its booking's id, and back, without a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ids {
    /// Ids that grow, as most booking systems hand them out.
    Sequential,
    /// Ids without any order, from this seed.
    Random(u64),
}

impl Ids {
    /// Chooses the kind of ids by the command line's switch.
    pub(crate) fn chosen(random: bool, seed: u64) -> Ids {
        if random { Ids::Random(seed) } else { Ids::Sequential }
    }

    /// Writes the id of the booking in the frame at `place`, its mark included.
    pub(crate) fn write(self, place: u64) -> String {
        match self {
            Ids::Sequential => format!("BK-{DAY}{place:08}"),
            Ids::Random(seed) => format!("BK-{:016x}", mix(place ^ seed)),
        }
    }

    /// Reads the place out of what follows the mark; `None` if it is no id of this feed.
    pub(crate) fn place(self, after_mark: &[u8]) -> Option<u64> {
        match self {
            Ids::Sequential => {
                let digits = after_mark.strip_prefix(DAY.as_bytes())?;
                number(digits, 10, u8::is_ascii_digit)
            }
            Ids::Random(seed) => {
                let digits = after_mark.get(..16)?;
                let whole = digits.iter().all(u8::is_ascii_hexdigit);
                whole.then(|| number(digits, 16, u8::is_ascii_hexdigit))?.map(|n| unmix(n) ^ seed)
            }
        }
    }
}

fn number(text: &[u8], radix: u32, is_digit: fn(&u8) -> bool) -> Option<u64> {
    let end = text.iter().position(|byte| !is_digit(byte)).unwrap_or(text.len());
    u64::from_str_radix(std::str::from_utf8(&text[..end]).ok()?, radix).ok()
}

/// Spreads a number over all 64 bits so that it can be taken back (splitmix64's last steps).
fn mix(number: u64) -> u64 {
    let mut mixed = number;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Takes back what `mix` did: each step's inverse, in the opposite order.
fn unmix(mixed: u64) -> u64 {
    let mut number = mixed ^ (mixed >> 31) ^ (mixed >> 62);
    number = number.wrapping_mul(0x3196_42b2_d24d_8ec3);
    number ^= (number >> 27) ^ (number >> 54);
    number = number.wrapping_mul(0x96de_1b17_3f11_9089);
    number ^ (number >> 30) ^ (number >> 60)
}

/// What frames are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Equal seeds give equal frames.
    pub(crate) seed: u64,
    /// How many.
    pub(crate) count: usize,
    /// How bookings are named.
    pub(crate) ids: Ids,
    /// Each frame carries its number as `seq`, from 1, for a feed that offers to resume.
    pub(crate) numbered: bool,
}

/// Frames, ready to be sent without another copy.
pub(crate) struct Frames {
    /// In the order in which they are sent.
    pub(crate) texts: Vec<Utf8Bytes>,
    /// How their bookings are named.
    pub(crate) ids: Ids,
}

impl Frames {
    /// Writes frames.
    ///
    /// # Errors
    /// When what was written is not UTF-8, which would be our mistake.
    pub(crate) fn write(asked: Asked) -> anyhow::Result<Frames> {
        let Asked { seed, count, ids, numbered } = asked;
        let mut all = String::with_capacity(count * 270);
        let mut ends = Vec::with_capacity(count);
        for place in 0..count as u64 {
            let dice = mix(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(place));
            let frame = match is_booking(place) {
                true => booking(&ids.write(place), place, dice),
                false => metrics(place, dice),
            };
            match numbered {
                true => all.push_str(&format!("{{\"seq\":{},{}", place + 1, &frame[1..])),
                false => all.push_str(&frame),
            }
            ends.push(all.len());
        }
        let all = Bytes::from(all);
        let mut start = 0;
        let mut texts = Vec::with_capacity(count);
        for end in ends {
            let text = Utf8Bytes::try_from(all.slice(start..end)).context("a frame of our own")?;
            texts.push(text);
            start = end;
        }
        Ok(Frames { texts, ids })
    }

    /// Counts the bookings among the first `count` frames.
    pub(crate) fn bookings(count: usize) -> usize {
        count - count / 10
    }
}

fn is_booking(place: u64) -> bool {
    place % 10 != 9
}

struct Kind {
    category: &'static str,
    title: &'static str,
    country: &'static str,
}

const KINDS: [Kind; 8] = [
    Kind { category: "tour", title: "Phi Phi Islands Day Tour", country: "TH" },
    Kind { category: "tour", title: "Mekong Sunset Cruise, Luang Prabang", country: "LA" },
    Kind { category: "property", title: "Garden Villa, 3 nights, Ubud", country: "ID" },
    Kind { category: "property", title: "Old Town Suite, 2 nights, Lisbon", country: "PT" },
    Kind { category: "car", title: "Toyota Yaris, 3 days, Faro airport", country: "PT" },
    Kind { category: "car", title: "Compact SUV, 5 days, Chiang Mai", country: "TH" },
    Kind { category: "transfer", title: "Airport to hotel, 4 seats, Hanoi", country: "VN" },
    Kind { category: "transfer", title: "Pier to hotel, minibus, Koh Samui", country: "TH" },
];

const CUSTOMERS: [&str; 8] = [
    "Anna Lindqvist",
    "João da Silva",
    "Somchai Prasert",
    "Marie-Claire Dubois",
    "Nguyễn Thị Hoa",
    "Peter O'Brien",
    "Yuki Tanaka",
    "Fatima al-Rashid",
];

fn booking(id: &str, place: u64, dice: u64) -> String {
    let kind = &KINDS[(dice % 8) as usize];
    let customer = CUSTOMERS[(dice / 8 % 8) as usize];
    let cents = 4_000 + dice / 64 % 296_000;
    format!(
        concat!(
            r#"{{"type":"booking:new","payload":{{"id":"{}","type":"{}","title":"{}","#,
            r#""customerName":"{}","amount":{}.{:02},"currency":"USD","timestamp":"{}","#,
            r#""status":"new","country":"{}"}}}}"#
        ),
        id,
        kind.category,
        kind.title,
        customer,
        cents / 100,
        cents % 100,
        timestamp(place),
        kind.country,
    )
}

fn metrics(place: u64, dice: u64) -> String {
    format!(
        concat!(
            r#"{{"type":"metrics:update","payload":{{"totalRevenue":{}.25,"todayRevenue":{}.5,"#,
            r#""activeBookings":{},"totalCustomers":{},"revenueChange":12.5,"#,
            r#""bookingsChange":-3.2,"customersChange":4.1,"timestamp":"{}"}}}}"#
        ),
        1_284_530 + place,
        18_240 + place % 4_000,
        300 + dice % 90,
        9_120 + place / 50,
        timestamp(place),
    )
}

/// Writes a time of one day, a millisecond for each place.
fn timestamp(place: u64) -> String {
    let ms = place % DAY_MS;
    let (seconds, ms) = (ms / 1_000, ms % 1_000);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!("2026-11-23T{hours:02}:{minutes:02}:{:02}.{ms:03}Z", seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_leads_back_to_its_place() {
        for ids in [Ids::Sequential, Ids::Random(7), Ids::Random(u64::MAX)] {
            for place in [0, 1, 9, 10_000, 99_999_999, 123_456_789_012] {
                let id = ids.write(place);
                let after_mark = format!("{}\",\"type\"", &id[ID_MARK.len()..]);
                assert_eq!(ids.place(after_mark.as_bytes()), Some(place), "{id}");
            }
        }
    }

    #[test]
    fn a_foreign_id_has_no_place() {
        assert_eq!(Ids::Sequential.place(b"1999-0001"), None);
        assert_eq!(Ids::Sequential.place(b"20261123-x"), None);
        assert_eq!(Ids::Random(7).place(b"0123"), None);
        assert_eq!(Ids::Random(7).place(b"0123456789abcdeg"), None);
    }

    fn write(seed: u64, count: usize, numbered: bool) -> Vec<Utf8Bytes> {
        Frames::write(Asked { seed, count, ids: Ids::Random(seed), numbered }).unwrap().texts
    }

    #[test]
    fn nine_in_ten_frames_are_bookings_and_all_are_json_of_the_usual_size() {
        let frames = write(7, 1_000, false);
        let bookings = frames.iter().filter(|text| text.contains("booking:new")).count();
        assert_eq!((bookings, Frames::bookings(1_000)), (900, 900));
        let bytes: usize = frames.iter().map(|text| text.len()).sum();
        assert!((240_000..290_000).contains(&bytes), "{bytes} bytes for a thousand frames");
        for text in &frames {
            serde_json::from_str::<serde_json::Value>(text).unwrap();
        }
    }

    #[test]
    fn numbered_frames_count_from_one() {
        for (place, text) in write(7, 20, true).iter().enumerate() {
            let frame: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(frame["seq"], place + 1);
            assert!(frame["type"].is_string());
        }
    }

    #[test]
    fn equal_seeds_give_equal_frames_and_others_do_not() {
        assert_eq!(write(3, 50, false), write(3, 50, false));
        assert_ne!(write(3, 50, false), write(4, 50, false));
    }
}

//! Job: what a guest books, for how much and for when.
//! Takes: chance, an id, and the time of booking.
//! Gives: a booking that is new, and its worth in US cents for the dashboard's figures.
//! Never: gives an amount more digits than its currency has.

use contract::{
    Booking, Category, Channel, Currency, Guest, Moment, Money, Party, Revision, Status,
};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::Offset};
use rust_decimal::Decimal;

use crate::dice::Dice;
use crate::people;
use crate::world::{PLACES, Place};

/// Something to book, before it has a guest.
struct Ware {
    category: Category,
    title: String,
    usd_cents: u64,
    starts: Moment,
    ends: Option<Moment>,
    party: Party,
}

/// Draws a booking, and says what it is worth in US cents.
pub(crate) fn book(dice: &mut Dice, id: String, at: Timestamp) -> (Booking, u64) {
    let place = &PLACES[dice.between(0, PLACES.len() as u32 - 1) as usize];
    let day = Offset::UTC.to_datetime(at).date();
    let day = day.saturating_add(i64::from(dice.between(1, 120)).days());
    let ware = match dice.between(1, 100) {
        1..=35 => property(dice, place, day),
        36..=55 => car(dice, place, day),
        56..=75 => transfer(dice, place, day),
        _ => tour(dice, place, day),
    };
    let guest = people::draw(dice);
    let booking = Booking {
        category: Some(ware.category),
        status: Some(Status::New),
        title: Some(ware.title.into()),
        customer: Some(guest.name.as_str().into()),
        amount: Some(price(place, ware.usd_cents)),
        country: place.country.parse().ok(),
        revision: Some(Revision::Number(1)),
        reference: dice.chance(60).then(|| reference(dice).into()),
        starts: Some(ware.starts),
        ends: ware.ends,
        party: dice.chance(80).then_some(ware.party),
        channel: channel(dice),
        guest: Some(Box::new(Guest {
            name: Some(guest.name.into()),
            country: Some(guest.country.into()),
            returning: Some(dice.chance(15)),
            ..Guest::default()
        })),
        ..Booking::of(id)
    };
    (booking, ware.usd_cents)
}

fn property(dice: &mut Dice, place: &Place, day: Date) -> Ware {
    let rooms = ["Double room", "Sea-view suite", "Family room", "Garden studio", "Twin room"];
    let (room, house) = (dice.pick(&rooms), dice.pick(place.houses));
    let (town, _) = dice.pick(place.towns);
    let (nights, adults) = (dice.between(1, 10), dice.between(1, 3));
    let ends = day.saturating_add(i64::from(nights).days());
    Ware {
        category: Category::Property,
        title: format!("{room}, {house}, {town}, {}", counted(nights, "night")),
        usd_cents: u64::from(nights) * u64::from(dice.between(45, 320)) * 100,
        starts: Moment::Date(day),
        ends: Some(Moment::Date(ends)),
        party: Party {
            adults: Some(adults),
            children: dice.chance(30).then_some(dice.between(1, 3)),
            ..Party::default()
        },
    }
}

fn car(dice: &mut Dice, place: &Place, day: Date) -> Ware {
    let models = [
        ("Toyota Yaris", 32),
        ("Fiat 500", 30),
        ("VW Golf", 44),
        ("Kia Sportage", 62),
        ("Tesla Model 3", 95),
        ("Ford Transit 9 seats", 110),
    ];
    let (model, a_day) = dice.pick(&models);
    let (town, _) = dice.pick(place.towns);
    let days = dice.between(1, 14);
    let starts = hour_of(place, day, dice.between(8, 20));
    let ends = after(starts, i64::from(days) * 24 * 60);
    Ware {
        category: Category::Car,
        title: format!("{model}, {}, {town} airport", counted(days, "day")),
        usd_cents: u64::from(days * (a_day + dice.between(0, 15))) * 100,
        starts: Moment::Instant(starts),
        ends: Some(Moment::Instant(ends)),
        party: Party { adults: Some(dice.between(1, 4)), ..Party::default() },
    }
}

fn transfer(dice: &mut Dice, place: &Place, day: Date) -> Ware {
    let vehicle = dice.pick(&["Private sedan", "Minivan", "Shared shuttle", "Electric sedan"]);
    let (town, areas) = dice.pick(place.towns);
    let area = dice.pick(areas);
    let title = if dice.chance(50) {
        format!("{vehicle}, {town} airport to {area}")
    } else {
        format!("{vehicle}, {area} to {town} airport")
    };
    Ware {
        category: Category::Transfer,
        title,
        usd_cents: u64::from(dice.between(14, 120)) * 100,
        starts: Moment::Instant(hour_of(place, day, dice.between(4, 23))),
        ends: None,
        party: Party { total: Some(dice.between(1, 8)), ..Party::default() },
    }
}

fn tour(dice: &mut Dice, place: &Place, day: Date) -> Ware {
    let (name, a_person) = dice.pick(place.tours);
    let (kind, percent) = dice.pick(&[("", 100), (", small group", 130), (", private", 220)]);
    let (adults, children) = (dice.between(1, 8), dice.between(0, 3));
    let starts = hour_of(place, day, dice.between(7, 17));
    Ware {
        category: Category::Tour,
        title: format!("{name}{kind}"),
        usd_cents: u64::from((adults + children) * a_person * percent),
        starts: Moment::Instant(starts),
        ends: Some(Moment::Instant(after(starts, i64::from(dice.between(4, 18)) * 30))),
        party: Party {
            adults: Some(adults),
            children: (children > 0).then_some(children),
            ..Party::default()
        },
    }
}

/// The price in the place's own money, rounded as prices there are.
fn price(place: &Place, usd_cents: u64) -> Money {
    let units = usd_cents * place.units_a_dollar * place.level / 10_000;
    let rounded = (units / place.step).max(1) * place.step;
    let currency: Option<Currency> = place.currency.parse().ok();
    let digits = currency.map_or(2, Currency::digits);
    Money { amount: Decimal::from_i128_with_scale(rounded.into(), digits), currency }
}

/// What people read out on the phone: no letter or digit that is taken for another.
fn reference(dice: &mut Dice) -> String {
    (0..6).map(|_| char::from(dice.pick(b"ABCDEFGHJKMNPQRTUVWXYZ2346789"))).collect()
}

fn channel(dice: &mut Dice) -> Option<Channel> {
    match dice.between(1, 100) {
        1..=35 => {
            let ota = dice.pick(&["Tripharbour", "Stayfinch", "Roamly"]);
            Some(Channel { ota: Some(ota.into()), ..Channel::default() })
        }
        36..=50 => {
            let agent = dice.pick(&["Meridian Travel", "Blue Gate Agency", "Reisebüro Nord"]);
            Some(Channel { agent: Some(agent.into()), ..Channel::default() })
        }
        51..=80 => Some(Channel { direct: Some(true), ..Channel::default() }),
        _ => None,
    }
}

fn counted(number: u32, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// A full hour of a day where the place is.
fn hour_of(place: &Place, day: Date, hour: u32) -> Timestamp {
    let hours = i64::from(hour) - i64::from(place.hours_ahead);
    let midnight = Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX);
    after(midnight, hours * 60)
}

fn after(from: Timestamp, minutes: i64) -> Timestamp {
    from.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MAX)
}

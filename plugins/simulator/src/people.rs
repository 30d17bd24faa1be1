//! Job: guests whose names fit where they are from.
//! Takes: chance.
//! Gives: a name in its own letters, and a country.
//! Never: names a living person on purpose.

use crate::dice::Dice;

/// Who booked.
pub(crate) struct Person {
    /// The name as the guest writes it.
    pub(crate) name: String,
    /// The guest's own country, ISO 3166.
    pub(crate) country: &'static str,
}

/// How a name is put together.
#[derive(Clone, Copy)]
enum Order {
    /// `Anna Lindqvist`.
    GivenFirst,
    /// `Nguyễn Thị Mai`.
    FamilyFirst,
    /// `김민준`.
    Joined,
}

struct Origin {
    country: &'static str,
    order: Order,
    given: &'static [&'static str],
    family: &'static [&'static str],
}

/// Draws a guest.
pub(crate) fn draw(dice: &mut Dice) -> Person {
    let origin = &ORIGINS[dice.between(0, ORIGINS.len() as u32 - 1) as usize];
    let (given, family) = (dice.pick(origin.given), dice.pick(origin.family));
    let name = match origin.order {
        Order::GivenFirst => [given, " ", family].concat(),
        Order::FamilyFirst => [family, " ", given].concat(),
        Order::Joined => [family, given].concat(),
    };
    Person { name, country: origin.country }
}

const ORIGINS: [Origin; 19] = [
    Origin {
        country: "SE",
        order: Order::GivenFirst,
        given: &["Anna", "Åsa", "Björn", "Elin", "Göran", "Maja", "Oskar"],
        family: &["Lindqvist", "Åkesson", "Sjöberg", "Holm", "Nyström", "Ekström"],
    },
    Origin {
        country: "DE",
        order: Order::GivenFirst,
        given: &["Jürgen", "Sabine", "Lukas", "Käthe", "Moritz", "Annika"],
        family: &["Groß", "Müller", "Schäfer", "Weiß", "Köhler", "von der Heide"],
    },
    Origin {
        country: "PT",
        order: Order::GivenFirst,
        given: &["João", "Inês", "Tomás", "Conceição", "Rui", "Beatriz"],
        family: &["da Silva", "Magalhães", "Simões", "Pereira", "Falcão"],
    },
    Origin {
        country: "FR",
        order: Order::GivenFirst,
        given: &["Éloïse", "François", "Chloé", "Benoît", "Maëlle", "Théo"],
        family: &["Lefèvre", "D'Aubigné", "Noël", "Garçon", "Bonnet"],
    },
    Origin {
        country: "PL",
        order: Order::GivenFirst,
        given: &["Łukasz", "Małgorzata", "Zbigniew", "Agnieszka", "Paweł"],
        family: &["Wójcik", "Kowalczyk", "Dąbek", "Źródło", "Śliwa"],
    },
    Origin {
        country: "IE",
        order: Order::GivenFirst,
        given: &["Siobhán", "Pádraig", "Aoife", "Seán", "Gráinne"],
        family: &["O'Sullivan", "Ní Bhriain", "McCarthy", "Ó Dónaill"],
    },
    Origin {
        country: "TR",
        order: Order::GivenFirst,
        given: &["Çağla", "İbrahim", "Gülşen", "Ömer", "Yiğit"],
        family: &["Yıldız", "Öztürk", "Şahin", "Kılıç", "Aydın"],
    },
    Origin {
        country: "IS",
        order: Order::GivenFirst,
        given: &["Þóra", "Guðmundur", "Sigríður", "Ævar"],
        family: &["Jónsdóttir", "Þorsteinsson", "Árnadóttir", "Einarsson"],
    },
    Origin {
        country: "US",
        order: Order::GivenFirst,
        given: &["Grace", "Marcus", "Olivia", "Dwayne", "Hannah", "Jesús"],
        family: &["Whitaker", "Nguyen-Hall", "Ortega", "Brooks", "Kaplan", "St. John"],
    },
    Origin {
        country: "BR",
        order: Order::GivenFirst,
        given: &["Luísa", "Antônio", "Thaís", "Caíque", "Márcia"],
        family: &["Araújo", "Conceição dos Santos", "Guimarães", "Brandão"],
    },
    Origin {
        country: "VN",
        order: Order::FamilyFirst,
        given: &["Thị Mai", "Văn Đức", "Minh Châu", "Quốc Bảo"],
        family: &["Nguyễn", "Trần", "Đặng", "Phạm", "Võ"],
    },
    Origin {
        country: "GR",
        order: Order::GivenFirst,
        given: &["Ελένη", "Γιώργος", "Δήμητρα", "Νίκος", "Χρύσα"],
        family: &["Παπαδοπούλου", "Καραγιάννης", "Οικονόμου", "Θεοδώρου"],
    },
    Origin {
        country: "UA",
        order: Order::GivenFirst,
        given: &["Олена", "Тарас", "Ганна", "Ярослав", "Їва"],
        family: &["Шевчук", "Коваленко", "Гнатюк", "Бондар"],
    },
    Origin {
        country: "TH",
        order: Order::GivenFirst,
        given: &["สมชาย", "กัญญา", "ณัฐพล", "พิมพ์ใจ"],
        family: &["ศรีสุข", "วงศ์ทอง", "แก้วมณี", "บุญมา"],
    },
    Origin {
        country: "JP",
        order: Order::FamilyFirst,
        given: &["陽子", "健太", "さくら", "大輔", "美咲"],
        family: &["佐藤", "鈴木", "高橋", "渡辺", "小川"],
    },
    Origin {
        country: "KR",
        order: Order::Joined,
        given: &["민준", "서연", "지우", "하은", "도윤"],
        family: &["김", "이", "박", "최", "남궁"],
    },
    Origin {
        country: "CN",
        order: Order::Joined,
        given: &["伟", "丽娟", "晓明", "雨桐", "建国"],
        family: &["王", "李", "张", "欧阳", "陈"],
    },
    Origin {
        country: "KW",
        order: Order::GivenFirst,
        given: &["فاطمة", "يوسف", "مريم", "عبدالله", "نورة"],
        family: &["الصباح", "العنزي", "المطيري", "الخالد"],
    },
    Origin {
        country: "IN",
        order: Order::GivenFirst,
        given: &["अनन्या", "रोहित", "Priya", "Arjun", "कविता"],
        family: &["शर्मा", "Iyer", "पटेल", "Chatterjee"],
    },
];

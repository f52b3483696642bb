package locale

// currencyName is how a currency and its minor unit are called.
type currencyName struct{ major, minor noun }

// masc and fem name a currency: the gender of its unit, that unit for one, two and five, and the minor unit so. The minor unit is counted
// in digits, so its gender is not needed.
func masc(one, few, many, minorOne, minorFew, minorMany string) currencyName {
	return currencyName{noun{masculine, [3]string{one, few, many}}, noun{forms: [3]string{minorOne, minorFew, minorMany}}}
}

func fem(one, few, many, minorOne, minorFew, minorMany string) currencyName {
	return currencyName{noun{feminine, [3]string{one, few, many}}, noun{forms: [3]string{minorOne, minorFew, minorMany}}}
}

// english names a currency in English, for one and for more.
func english(one, more, minorOne, minorMore string) currencyName {
	return masc(one, more, more, minorOne, minorMore, minorMore)
}

// currencyNames are those that businesses of the languages' countries deal in. What is only spoken of in one country needs no word for whose
// it is; a name several countries have (crown, leu) has one.
var currencyNames = map[string]map[string]currencyName{
	"en": {
		"UAH": english("hryvnia", "hryvnias", "kopiyka", "kopiykas"),
		"USD": english("US dollar", "US dollars", "cent", "cents"),
		"EUR": english("euro", "euros", "cent", "cents"),
		"GBP": english("pound sterling", "pounds sterling", "penny", "pence"),
		"PLN": english("zloty", "zlotys", "grosz", "groszy"),
		"CZK": english("Czech koruna", "Czech korunas", "haler", "halers"),
		"CHF": english("Swiss franc", "Swiss francs", "centime", "centimes"),
		"RUB": english("Russian rouble", "Russian roubles", "kopeck", "kopecks"),
		"BYN": english("Belarusian rouble", "Belarusian roubles", "kopeck", "kopecks"),
		"KZT": english("tenge", "tenge", "tiyn", "tiyn"),
		"MDL": english("Moldovan leu", "Moldovan lei", "ban", "bani"),
		"RON": english("Romanian leu", "Romanian lei", "ban", "bani"),
		"GEL": english("lari", "lari", "tetri", "tetri"),
		"TRY": english("Turkish lira", "Turkish liras", "kurush", "kurush"),
		"JPY": english("yen", "yen", "", ""),
	},
	"uk": {
		"UAH": fem("гривня", "гривні", "гривень", "копійка", "копійки", "копійок"),
		"USD": masc("долар США", "долари США", "доларів США", "цент", "центи", "центів"),
		"EUR": masc("євро", "євро", "євро", "цент", "центи", "центів"),
		"GBP": masc("фунт стерлінгів", "фунти стерлінгів", "фунтів стерлінгів", "пенс", "пенси", "пенсів"),
		"PLN": masc("злотий", "злоті", "злотих", "грош", "гроші", "грошів"),
		"CZK": fem("чеська крона", "чеські крони", "чеських крон", "гелер", "гелери", "гелерів"),
		"CHF": masc("швейцарський франк", "швейцарські франки", "швейцарських франків", "сантим", "сантими", "сантимів"),
		"RUB": masc("російський рубль", "російські рублі", "російських рублів", "копійка", "копійки", "копійок"),
		"BYN": masc("білоруський рубль", "білоруські рублі", "білоруських рублів", "копійка", "копійки", "копійок"),
		"KZT": masc("тенге", "тенге", "тенге", "тиїн", "тиїни", "тиїнів"),
		"MDL": masc("молдовський лей", "молдовські леї", "молдовських леїв", "бан", "бани", "банів"),
		"RON": masc("румунський лей", "румунські леї", "румунських леїв", "бан", "бани", "банів"),
		"GEL": masc("ларі", "ларі", "ларі", "тетрі", "тетрі", "тетрі"),
		"TRY": fem("турецька ліра", "турецькі ліри", "турецьких лір", "куруш", "куруші", "курушів"),
		"JPY": fem("єна", "єни", "єн", "", "", ""),
	},
	"ru": {
		"UAH": fem("гривна", "гривны", "гривен", "копейка", "копейки", "копеек"),
		"USD": masc("доллар США", "доллара США", "долларов США", "цент", "цента", "центов"),
		"EUR": masc("евро", "евро", "евро", "цент", "цента", "центов"),
		"GBP": masc("фунт стерлингов", "фунта стерлингов", "фунтов стерлингов", "пенс", "пенса", "пенсов"),
		"PLN": masc("злотый", "злотых", "злотых", "грош", "гроша", "грошей"),
		"CZK": fem("чешская крона", "чешские кроны", "чешских крон", "геллер", "геллера", "геллеров"),
		"CHF": masc("швейцарский франк", "швейцарских франка", "швейцарских франков", "сантим", "сантима", "сантимов"),
		"RUB": masc("рубль", "рубля", "рублей", "копейка", "копейки", "копеек"),
		"BYN": masc("белорусский рубль", "белорусских рубля", "белорусских рублей", "копейка", "копейки", "копеек"),
		"KZT": masc("тенге", "тенге", "тенге", "тиын", "тиына", "тиынов"),
		"MDL": masc("молдавский лей", "молдавских лея", "молдавских леев", "бан", "бана", "банов"),
		"RON": masc("румынский лей", "румынских лея", "румынских леев", "бан", "бана", "банов"),
		"GEL": masc("лари", "лари", "лари", "тетри", "тетри", "тетри"),
		"TRY": fem("турецкая лира", "турецкие лиры", "турецких лир", "куруш", "куруша", "курушей"),
		"JPY": fem("иена", "иены", "иен", "", "", ""),
	},
}

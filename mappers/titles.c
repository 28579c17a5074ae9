#include "mappers/titles.h"

#include <string.h>

#include "mappers/ascii.h"

#define KEY_MAX  64
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
#define P RECORD_PATIENT
#define A RECORD_APPOINTMENT
#define D RECORD_PRACTITIONER

const struct title titles[] = {
	/* Appointments first: where there are none they are not asked for. */
	{A, "id", "appt appointment apptid appointmentid appointmentno appointmentnumber apptno apptnumber "
		"apptnum appointmentnum appointmentkey apptkey visitid visitno visitnumber "
		"schedid scheduleid bookingid bookingno encounterapptid appointmentuid apptuid "
		"termin terminnr terminid"},
	{A, "id?", "encounter encounterid encounterno encounternumber encounternum enc encid encno "
		"csn contactserialnumber eventid reservationid"},
	{A, "start", "start starts starttime startdatetime apptstart appointmentstart "
		"apptdatetime appointmentdatetime appointmentdateandtime apptdateandtime "
		"scheduledstart scheduleddatetime scheduledfor visitdatetime begin beginn "
		"startsat"},
	{A, "start.date", "apptdate appointmentdate apptdt visitdate scheduleddate startdate "
		"dateofappointment dateofvisit servicedate dateofservice dos schedulingdate "
		"bookingdate date"},
	{A, "start.time", "appttime appointmenttime visittime scheduledtime timeofappointment "
		"timeofvisit bookingtime time"},
	{A, "end", "end ends enddatetime apptend appointmentend scheduledend endsat ende"},
	{A, "end.date", "enddate apptenddate"},
	{A, "end.time", "endtime apptendtime appointmentendtime"},
	{A, "duration_minutes", "minutes duration durationmin durationminutes durationmins "
		"length lengthmin apptlength appointmentlength apptduration appointmentduration "
		"mins min slotlength dauer"},
	{A, "status", "status apptstatus appointmentstatus visitstatus state apptstate "
		"appointmentstate schedulestatus bookingstatus currentstatus"},
	{A, "type", "appttype appointmenttype visittype kind type apptkind apptcategory "
		"appointmentcategory bookingtype visitkind terminart"},
	{A, "reason", "reason apptreason appointmentreason visitreason reasonforvisit "
		"chiefcomplaint purpose grund"},
	{A, "cancellation_reason", "cancelreason cancellationreason canceledreason "
		"cancelledreason reasoncancelled reasoncanceled"},
	{A, "comment", "comment comments note notes apptnotes appointmentnotes remark remarks "
		"apptcomment apptcomments appointmentcomments apptnote memo bemerkung"},
	{A, "practitioner_id", "providerid provid providerno providernumber doctorid "
		"physicianid resourceid resourceno practitionerid clinicianid renderingid "
		"renderingproviderid providercode resourcecode scheduleproviderid"},
	/* Of a provider that has no id: a column that is his name goes there. */
	{A, "practitioner[].display", ""},
	{A, "location_id", "locationid locid facilityid siteid siteno officeid clinicid "
		"departmentid deptid locationcode facilitycode placeid"},
	{A, "room", "room exam examroom roomno roomnumber raum"},
	{A, "is_telehealth", "telehealth istelehealth online virtual videovisit televisit "
		"isvirtual telemedicine"},
	{A, "new_patient", "newpatient isnewpatient newpt firstvisit isnew"},
	{A, "created_at", "created createdat createdon createddate createdate datecreated "
		"bookedon bookedat datebooked scheduledon"},
	{A, "confirmed_at", "confirmedat confirmedon confirmationdate dateconfirmed"},
	{A, "checked_in_at", "checkedinat checkintime checkin checkedintime arrivaltime"},
	{A, "cancelled_at", "cancelledat canceledat cancelledon canceledon canceldate "
		"cancellationdate datecancelled datecanceled"},
	{A, "updated_at", "updated updatedat updatedon lastupdated lastupdate lastchange "
		"lastchanged lastmodified modified modifiedat modifiedon modifieddate "
		"datemodified dateupdated changedat changed changedate timestamp lastedited "
		"lastupdatedat lastmodifieddate lastmodifiedat lastupdateddate updatedate"},

	{P, "id", "mrn patientid patientno patientnumber patientnum patid patno ptid ptno "
		"ptnum ptnumber medicalrecord medicalrecordno medicalrecordnumber medrec "
		"medrecno chart chartno chartnumber chartid personid personno memberid uhid "
		"emrid emrpatientid patientmrn pid patientkey patientidentifier patientnr "
		"accountid clientid record recordno recordnumber"},
	{P, "id?", "id no number key identifier uid uuid nr guid code"},
	{P, "name.prefix", "prefix salutation honorific anrede"},
	{P, "name.family", "lastname last surname familyname lname lastnm namelast namefamily "
		"patientlast patlname nachname apellido apellidos"},
	{P, "name.given[]", "firstname first givenname givennames given forename fname "
		"firstnm namefirst namegiven patientfirst patfname vorname nombre nombres"},
	{P, "name.given[]", "middlename middle middleinitial mi middleinit mname namemiddle"},
	{P, "name.suffix", "suffix namesuffix generation"},
	{P, "name", "patientname patient name fullname patname ptname clientname legalname "
		"patientfullname"},
	{P, "previous_name[].family", "maiden maidenname birthname nee formername formerlastname "
		"previouslastname geburtsname"},
	{P, "preferred_name", "preferredname knownas nickname goesby preferred prefname "
		"preferredfirstname alias"},
	{P, "birth_date", "dob birthdate birthday dateofbirth birth bdate birthdt patientdob "
		"ptdob borndate bday geburtsdatum geburtstag fechadenacimiento"},
	{P, "gender", "gender sex administrativesex admingender administrativegender "
		"legalsex patientsex geschlecht sexo"},
	{P, "birth_sex", "birthsex sexatbirth assignedsex sexassignedatbirth"},
	{P, "phone.mobile", "mobile cell cellphone mobilephone cellular cellno cellnumber "
		"mobileno mobilenumber phonemobile phonecell cellphonenumber mobilephonenumber "
		"mobilephoneno handy celular"},
	{P, "phone.home", "homephone home phone phonehome homephonenumber telephone tel phoneno "
		"phonenumber landline hometel homeno phone1 primaryphone homephoneno mainphone "
		"telefon telefono"},
	{P, "phone.work", "workphone work phonework businessphone officephone workphonenumber "
		"worktel workno phone2 workphoneno employerphone"},
	{P, "email", "email emailaddress mail emailaddr primaryemail patientemail emailid "
		"homeemail personalemail correo"},
	{P, "address.line[]", "address address1 addressline1 addr addr1 street street1 "
		"streetaddress addressline streetandno mailingaddress homeaddress add1 line1 "
		"addressstreet streetline1 strasse direccion"},
	{P, "address.line[]", "address2 addressline2 addr2 street2 apt suite unit line2 add2 "
		"streetline2 aptno apartment"},
	{P, "address.city", "city town addresscity cityname homecity mailingcity ort stadt "
		"ciudad municipality"},
	{P, "address.district", "county district countyname addresscounty parish"},
	{P, "address.state", "state province st region stateprovince statecode addressstate "
		"homestate mailingstate"},
	{P, "address.postal_code", "zip zipcode postalcode postcode zip5 postal addresszip "
		"homezip mailingzip plz zippostalcode zipplus4"},
	{P, "address.country", "country countrycode nation addresscountry land pais"},
	{P, "language", "language lang preferredlanguage primarylanguage spokenlanguage "
		"prefferedlanguage languagecode languagepreference sprache idioma"},
	{P, "interpreter_required", "interpreter interpreterrequired interpreterneeded "
		"needsinterpreter"},
	{P, "marital_status", "marital maritalstatus maritalcode familienstand estadocivil"},
	{P, "race[]", "race race1 ethnicrace racecode"},
	{P, "ethnicity", "ethnicity ethnicgroup ethnicitycode"},
	{P, "deceased", "deceased isdeceased dead expired"},
	{P, "deceased_at", "deceaseddate deathdate dateofdeath deceasedat deceaseddatetime "
		"dod deceasedon"},
	{P, "sms_consent", "smsok smsconsent textok textconsent oktotext smsoptin textoptin "
		"textmessages allowsms sms"},
	{P, "contact_preference", "contactpreference preferredcontact contactmethod "
		"preferredcontactmethod contactby communicationpreference"},
	{P, "account_number", "accountno accountnumber account acct acctno acctnumber "
		"guarantoraccount billingaccount"},
	{P, "general_practitioner_id", "pcpid primarycareproviderid pcpcode"},
	{P, "confidential", "confidential vip restricted isconfidential"},
	{P, "updated_at", "updated updatedat updatedon lastupdated lastupdate lastchange "
		"lastchanged lastmodified modified modifiedat modifiedon modifieddate "
		"datemodified dateupdated changedat changed changedate timestamp lastedited "
		"lastupdatedat lastmodifieddate lastmodifiedat lastupdateddate updatedate"},

	{D, "id", "providerid provid providerno providernumber doctorid physicianid "
		"resourceid resourceno practitionerid clinicianid renderingid "
		"renderingproviderid providercode resourcecode scheduleproviderid"},
	{D, "npi", "npi providernpi doctornpi physiciannpi renderingnpi npinumber npino "
		"renderingprovidernpi individualnpi resourcenpi"},
	{D, "name.text", "provider providername doctor doctorname physician physicianname "
		"resource resourcename practitioner clinician clinicianname practitionername "
		"renderingprovider renderingprovidername providerfullname arzt"},
	{D, "name.family", "providerlastname provlastname providerlast doctorlastname "
		"physicianlastname"},
	{D, "name.given[]", "providerfirstname provfirstname providerfirst doctorfirstname "
		"physicianfirstname"},
	{D, "credentials[]", "credentials credential providercredentials degree"},
	{D, "specialty[]", "specialty speciality providerspecialty specialties"},
	{D, "taxonomy_code", "taxonomy taxonomycode providertaxonomy"},
	{RECORD_RETIRED, NULL, NULL}
};

/* What a word at the front of a title says the rest is of. */
static const struct {
	const char *word;
	enum record_type type;
} fronts[] = {
	{"patients", P}, {"patient", P}, {"pat", P}, {"pt", P}, {"person", P}, {"client", P},
	{"demographics", P}, {"appointments", A}, {"appointment", A}, {"appt", A},
	{"visit", A}, {"booking", A}, {"schedule", A}, {"provider", D}, {"prov", D},
	{"doctor", D}, {"physician", D}, {"practitioner", D}, {"resource", D},
	{"rendering", D},
};

static const struct {
	const char *path, *ours, *theirs, *likely;
} words[] = {
	{"gender", "female", "f female woman weiblich mujer femenino", "w fem"},
	{"gender", "male", "m male man maennlich hombre masculino", "masc"},
	{"gender", "other", "other nonbinary diverse divers intersex", "o x nb d"},
	{"gender", "unknown", "unknown unk notspecified undisclosed unspecified", "u na"},
	{"status", "proposed", "proposed requested tentative", "request"},
	{"status", "pending", "pending unconfirmed awaitingconfirmation", "pen pend"},
	{"status", "booked", "booked scheduled confirmed sched planned",
		"sch conf con sc active reminded leftmessage made"},
	{"status", "arrived", "arrived", "arr here waiting waitingroom inlobby arrive"},
	{"status", "checked-in", "checkedin checkin", "chk ci inroom intreatment inprogress "
		"roomed withprovider inexam started"},
	{"status", "waitlist", "waitlist waitlisted onwaitlist", "standby"},
	{"status", "fulfilled", "fulfilled completed complete checkedout seen kept",
		"comp done checkout co finished"},
	{"status", "cancelled", "cancelled canceled calledoff cancelledbypatient "
		"cancelledbyprovider canceledbypatient canceledbyprovider patientcancelled "
		"officecancelled abgesagt cancelado", "cancel can cnc cxl canc cx"},
	{"status", "noshow", "noshow didnotcome didnotattend didnotshow",
		"ns missed dna fta"},
	{"status", "entered-in-error", "enteredinerror", "void voided"},
};

static const struct {
	const char *path, *theirs, *may;
} unclear[] = {
	{"status", "rescheduled resched reschedule rsch rs moved postponed",
		"cancelled, for the old time is over, or booked, for there is a new one"},
	{"status", "nostatus none na unknown blank", "booked, or a row to leave out"},
	{"status", "leftwithoutbeingseen leftwobeingseen lwobs lwbs leftbeforeseen left",
		"noshow, cancelled or arrived"},
	{"status", "new open", "booked, or a slot that nobody has taken"},
	{"status", "closed failed error deleted", "cancelled, noshow or entered-in-error"},
	{"status", "bumped blocked block hold held", "cancelled, or a row to leave out"},
};
/* clang-format on */

/* Letters and digits in lower case; what is beyond ASCII stays as it is. */
static struct span
make_key(struct span s, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n < KEY_MAX; i++) {
		char c = s.p[i];

		if (ascii_letter(c))
			to[n++] = (char)(c | 0x20);
		else if (ascii_digit(c) || (unsigned char)c >= 0x80)
			to[n++] = c;
	}
	return (struct span){to, n};
}

/* Is it one of the words between blanks? */
static bool
among(const char *list, struct span key)
{
	const char *end;

	for (; key.n > 0 && *list != '\0'; list = *end == ' ' ? end + 1 : end) {
		end = strchr(list, ' ');
		if (end == NULL)
			end = list + strlen(list);
		if (span_eq((struct span){list, (size_t)(end - list)}, key))
			return true;
	}
	return false;
}

static const struct title *
find_key(struct span key, unsigned types)
{
	for (const struct title *t = titles; t->path != NULL; t++)
		if ((types >> t->type & 1) && among(t->words, key))
			return t;
	return NULL;
}

const struct title *
titles_find(struct span title, unsigned types, bool *exact)
{
	char text[KEY_MAX];
	struct span key = make_key(title, text);
	const struct title *t = find_key(key, types);

	*exact = t != NULL;
	for (size_t i = 0; t == NULL && i < COUNT(fronts); i++) {
		struct span front = span_of(fronts[i].word);

		if (key.n > front.n && memcmp(key.p, front.p, front.n) == 0)
			t = find_key((struct span){key.p + front.n, key.n - front.n},
			    types & 1u << fronts[i].type);
	}
	return t;
}

const char *
words_find(const char *path, struct span theirs, bool *likely)
{
	char text[KEY_MAX];
	struct span key = make_key(theirs, text);

	for (size_t i = 0; i < COUNT(words); i++) {
		if (strcmp(words[i].path, path) != 0)
			continue;
		*likely = among(words[i].likely, key);
		if (*likely || among(words[i].theirs, key))
			return words[i].ours;
	}
	return NULL;
}

const char *
words_unclear(const char *path, struct span theirs)
{
	char text[KEY_MAX];
	struct span key = make_key(theirs, text);

	for (size_t i = 0; i < COUNT(unclear); i++)
		if (strcmp(unclear[i].path, path) == 0 && among(unclear[i].theirs, key))
			return unclear[i].may;
	return NULL;
}

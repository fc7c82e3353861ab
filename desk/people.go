package desk

import "slices"

// Offline is the availability of everybody without a live connection.
const Offline = "offline"

// availabilityNames are in the order of their stored numbers.
var availabilityNames = [...]string{"online", Offline, "busy"}

// AvailabilityName is the name of a stored availability.
func AvailabilityName(stored int) string {
	if stored < 0 || stored >= len(availabilityNames) {
		return Offline
	}
	return availabilityNames[stored]
}

// AvailabilityCode is the stored number of an availability; ok is false when there
// is no such.
func AvailabilityCode(name string) (stored int, ok bool) {
	stored = slices.Index(availabilityNames[:], name)
	return stored, stored >= 0
}

// Availabilities are the names of all, in the order of their stored numbers.
func Availabilities() []string { return slices.Clone(availabilityNames[:]) }

// UserAvatarURL is where a user's picture is, empty without one.
func (d *Desk) UserAvatarURL(blobID int64) string {
	if blobID == 0 {
		return ""
	}
	return d.Files.ThumbURL(blobID, "avatar")
}

// AvailableName is the name that a user shows to others.
func AvailableName(display *string, name string) string {
	if display != nil && *display != "" {
		return *display
	}
	return name
}

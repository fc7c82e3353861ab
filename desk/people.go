package desk

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

// AvailabilityStatus is what colleagues see: what the person chose, when they
// chose to be seen while away.
func AvailabilityStatus(stored int, autoOffline bool) string {
	if autoOffline {
		return Offline
	}
	return AvailabilityName(stored)
}

// AvailableName is the name that a user shows to others.
func AvailableName(display *string, name string) string {
	if display != nil && *display != "" {
		return *display
	}
	return name
}

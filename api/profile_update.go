package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"tributary/api/route"
	"tributary/blob"
	"tributary/desk"
	"tributary/files"
	"tributary/internal/validate"
	"tributary/store"
)

const (
	// maxAvatar is how long a picture may be, in bytes.
	maxAvatar = 15 << 20
	// maxProfile is how long a request may be that changes a profile: so that a picture
	// which is too long is refused as one.
	maxProfile = 24 << 20
)

// avatarTypes are the pictures that people may look like.
var avatarTypes = []string{"image/jpeg", "image/png", "image/gif"}

type profileIn struct {
	Email            route.Opt[string]          `json:"email"`
	Name             route.Opt[string]          `json:"name"`
	DisplayName      route.Opt[string]          `json:"display_name"`
	Avatar           route.Upload               `json:"avatar"`
	MessageSignature route.Opt[string]          `json:"message_signature"`
	UISettings       route.Opt[json.RawMessage] `json:"ui_settings"`
	Phone            route.Opt[string]          `json:"phone_number"`
	Current          string                     `json:"current_password"`
	Password         string                     `json:"password"`
	Confirmation     route.Opt[string]          `json:"password_confirmation"`
}

type updateProfileIn struct {
	Profile profileIn `json:"profile"`
}

func (a *API) updateProfile(ctx context.Context, c *route.Call, in updateProfileIn) (userOut, error) {
	p := in.Profile
	avatar, err := a.avatar(ctx, p.Avatar)
	if err != nil {
		return userOut{}, err
	}
	err = a.changeProfile(ctx, c, desk.ProfileChange{
		UserID: c.User.ID, Email: p.Email, Name: p.Name, DisplayName: p.DisplayName, MessageSignature: p.MessageSignature,
		UISettings: p.UISettings, Phone: p.Phone, AvatarID: avatar, Password: p.Password, Current: p.Current, Confirmation: p.Confirmation.Ptr(),
	})
	if err != nil {
		if avatar != 0 {
			err = errors.Join(err, a.Files.Delete(context.WithoutCancel(ctx), avatar))
		}
		return userOut{}, err
	}
	return a.user(ctx, c.User.ID)
}

// changeProfile changes a profile. Another password may end the session that asks
// for it: then its tokens are not shown again.
func (a *API) changeProfile(ctx context.Context, c *route.Call, in desk.ProfileChange) error {
	if err := a.Desk.ChangeProfile(ctx, in); err != nil || in.Password == "" || c.Client == "" {
		return err
	}
	holds, err := a.Store.HasUserSession(ctx, c.User.ID, c.Client)
	if err == nil && !holds {
		c.EndSession()
	}
	return err
}

// avatar takes a picture in and gives its id, 0 when there is none.
func (a *API) avatar(ctx context.Context, u route.Upload) (int64, error) {
	var f files.File
	switch {
	case !u.Given():
		return 0, nil
	case u.File == nil:
		var err error
		f, err = a.Files.Attachable(ctx, u.SignedID)
		if errors.Is(err, store.ErrNotFound) {
			return 0, validate.Fail("avatar", validate.Invalid)
		}
		if err != nil {
			return 0, err
		}
		if f.ExpiresAt.IsZero() {
			// Something uses it. Its id is in addresses that many people see, and a picture
			// is removed when it is refused or replaced.
			return 0, validate.Fail("avatar", validate.Invalid)
		}
	default:
		r, err := u.File.Open()
		if err != nil {
			return 0, fmt.Errorf("api: uploaded file: %w", err)
		}
		defer func() { _ = r.Close() }()
		f, err = a.Files.Create(ctx, files.NewFile{
			Filename: u.File.Filename, ContentType: u.File.ContentType, Reader: r, Size: u.File.Size, Sized: true, MaxBytes: maxAvatar,
		})
		if errors.Is(err, blob.ErrTooLarge) {
			return 0, validate.Fail("avatar", "is too big")
		}
		if err != nil {
			return 0, err
		}
	}
	var errs validate.Errors
	if f.Size > maxAvatar {
		errs.Add("avatar", "is too big")
	}
	if !slices.Contains(avatarTypes, f.ContentType) {
		errs.Add("avatar", "filetype not supported")
	}
	if errs.Any() {
		return 0, errors.Join(errs.Err(), a.Files.Delete(context.WithoutCancel(ctx), f.ID))
	}
	return f.ID, nil
}

func (a *API) deleteProfileAvatar(ctx context.Context, c *route.Call, _ none) (userOut, error) {
	if err := a.Desk.RemoveAvatar(ctx, c.User.ID); err != nil {
		return userOut{}, err
	}
	return a.user(ctx, c.User.ID)
}

type availabilityIn struct {
	Profile struct {
		AccountID    int64  `json:"account_id"`
		Availability string `json:"availability"`
	} `json:"profile"`
}

func (a *API) setAvailability(ctx context.Context, c *route.Call, in availabilityIn) (userOut, error) {
	if err := a.Desk.InAccount(ctx, in.Profile.AccountID, c.User.ID); err != nil {
		return userOut{}, found(err)
	}
	if err := a.Desk.SetAvailability(ctx, actor(c), in.Profile.AccountID, in.Profile.Availability); err != nil {
		return userOut{}, found(err)
	}
	return a.user(ctx, c.User.ID)
}

type autoOfflineIn struct {
	Profile struct {
		AccountID   int64 `json:"account_id"`
		AutoOffline bool  `json:"auto_offline"`
	} `json:"profile"`
}

func (a *API) setAutoOffline(ctx context.Context, c *route.Call, in autoOfflineIn) (userOut, error) {
	if err := a.Desk.SetAutoOffline(ctx, in.Profile.AccountID, c.User.ID, in.Profile.AutoOffline); err != nil {
		return userOut{}, found(err)
	}
	return a.user(ctx, c.User.ID)
}

type activeAccountIn struct {
	Profile struct {
		AccountID int64 `json:"account_id"`
	} `json:"profile"`
}

func (a *API) setActiveAccount(ctx context.Context, c *route.Call, in activeAccountIn) (route.Empty, error) {
	if err := a.Desk.InAccount(ctx, in.Profile.AccountID, c.User.ID); err != nil {
		return route.Empty{}, found(err)
	}
	return route.Empty{}, a.Store.SetActive(ctx, in.Profile.AccountID, c.User.ID)
}

func (a *API) resendConfirmation(ctx context.Context, c *route.Call, _ none) (route.Empty, error) {
	return route.Empty{}, a.Desk.ResendConfirmation(ctx, c.User.ID)
}

func (a *API) resetAccessToken(ctx context.Context, c *route.Call, _ none) (userOut, error) {
	if err := a.Desk.RenewAccessToken(ctx, c.User.ID); err != nil {
		return userOut{}, err
	}
	return a.user(ctx, c.User.ID)
}
